# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The pins and the bus of network hardware behind SPI: those given, or those that boards name."""


def digital(given, *names):
    """A pin as a driver wants it.

    :param given: a pin of ``board`` or a DigitalInOut; None for the first of the names that the
        board has
    """
    if given is None:
        import board

        for name in names:
            given = getattr(board, name, None)
            if given is not None:
                break
        else:
            raise RuntimeError("this board has no pin %s: say which" % " or ".join(names))
    if hasattr(given, "switch_to_output"):
        return given
    from digitalio import DigitalInOut

    return DigitalInOut(given)


def bus(*names):
    """The first of these buses that the board has, else its usual one."""
    import board

    for name in names + ("SPI",):
        make = getattr(board, name, None)
        if make is not None:
            return make()
    from busio import SPI

    return SPI(board.SCK, board.MOSI, board.MISO)
