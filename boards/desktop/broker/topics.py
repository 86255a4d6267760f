# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Which topic names a topic filter matches."""


def matches(topic_filter: str, topic_name: str) -> bool:
    """Compare a filter with a name; both are known to be valid.

    :param str topic_filter: what a client subscribed to
    :param str topic_name: what a message was published to
    """
    # [MQTT-4.7.2-1]: a wildcard in first place does not reach topics of the server itself.
    if topic_name[0] == "$" and topic_filter[0] in "+#":
        return False
    filter_levels = topic_filter.split("/")
    name_levels = topic_name.split("/")
    for index, level in enumerate(filter_levels):
        # "#" stands for the parent level too, so it is asked before the name's end.
        if level == "#":
            return True
        if index == len(name_levels) or level not in ("+", name_levels[index]):
            return False
    return len(filter_levels) == len(name_levels)
