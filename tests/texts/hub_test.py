# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Tests of a device of one's own."""


def test_the_sensor_confirms_its_interval(iot_hub):
    iot_hub.patch_twin("dev1", desired={"interval": 5})
    with my_sensor(iot_hub.connection_string("dev1"), iot_hub.port, iot_hub.ca_file):
        iot_hub.wait(lambda: iot_hub.reported("dev1") == {"interval": 5})


def test_the_sensor_sends_again_what_was_not_acknowledged(iot_hub):
    iot_hub.faults.no_acknowledgement("dev1")
    with my_sensor(iot_hub.connection_string("dev1"), iot_hub.port, iot_hub.ca_file):
        iot_hub.wait(iot_hub.events)
        iot_hub.cut("dev1")
        iot_hub.wait(lambda: iot_hub.statistics()["received_duplicates"])
