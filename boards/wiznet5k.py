# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Ethernet by a WIZnet chip on the SPI bus (W5500 and its kin), driven by ``adafruit_wiznet5k``.

The address comes from DHCP, unless the program gives one.
"""

from adafruit_wiznet5k import adafruit_wiznet5k as driver

_NO_ADDRESS = b"\0\0\0\0"

# How often the chip repeats what nobody acknowledges. The driver knows no limit for connecting but
# this one: with four times the chip gives up after 6 seconds, with its own eight after 32.
_RETRIES = 4


# ConnectionManager knows radios by the name of their class.
class WIZNET5K(driver.WIZNET5K):
    """The driver, without its endless wait for a peer that hangs up as soon as it has accepted."""

    _connecting = False

    def socket_connect(self, *arguments, **named):
        """Connect; a peer that has gone by then is found by the first read."""
        self._connecting = True
        try:
            return super().socket_connect(*arguments, **named)
        finally:
            self._connecting = False

    def socket_status(self, socket_num):
        """What a socket does; while connecting, a peer that has hung up was there after all."""
        status = super().socket_status(socket_num)
        if self._connecting and status == driver.SNSR_SOCK_CLOSE_WAIT:
            return driver.SNSR_SOCK_ESTABLISHED
        return status


def connect(cs=None, reset=None, spi=None, mac=None, hostname=None, address=None):
    """Find the chip and ask for an address; a network that is away now is joined later.

    Boards with such a chip name its pins W5K_CS and so on, on the FeatherWing chip select is D10.

    :param cs: chip select, a pin of ``board`` or a DigitalInOut
    :param reset: the chip's reset pin; with one the driver waits five seconds more
    :param spi: the bus, None for the board's
    :param mac: six bytes, or text; None makes them from the serial number of the processor
    :param hostname: what DHCP tells the network, None for the driver's choice
    :param address: instead of DHCP: address, subnet mask, gateway and name server, in text
    :return: a ``WIZNET5K``
    :raises RuntimeError: no such chip on the bus
    """
    from boards.spi_pins import bus, digital

    cs = digital(cs, "W5K_CS", "D10")
    if reset is not None:
        reset = digital(reset)
    radio = WIZNET5K(spi or bus("W5K_SPI"), cs, reset, is_dhcp=False, mac=mac or _mac())
    radio.rcr = _RETRIES
    radio.nxd_dhcp = address is None
    radio.nxd_hostname = hostname
    if address:
        radio.ifconfig = [radio.unpretty_ip(each) for each in address]
    connected(radio)
    return radio


def connected(radio) -> bool:
    """Whether there is a link and an address; if not, DHCP is asked once.

    Asking ends with the first answer, or after a minute without one. A lease is renewed here, too.

    :param radio: a ``WIZNET5K``
    """
    try:
        if not radio.link_status:
            if getattr(radio, "nxd_dhcp", False):
                # A cable that was out may come back on another network.
                radio.ifconfig = (_NO_ADDRESS,) * 4
            return False
        _address(radio)
        return radio.ip_address != _NO_ADDRESS
    except (OSError, RuntimeError, ValueError, IndexError) as error:  # the last two: a bad answer
        if "pystack" in str(error):
            raise
        print("Ethernet: %s" % error)
        return False


def _address(radio) -> None:
    """Ask for an address, or renew the lease if it is time."""
    try:
        if radio.ip_address == _NO_ADDRESS:
            radio.set_dhcp(getattr(radio, "nxd_hostname", None))
        else:
            radio.maintain_dhcp_lease()
    except OverflowError:
        # The driver counts to 74 hours, and fails when all is said and done. A longer lease is
        # taken without counting: it is asked for again when the link comes back.
        lease = radio._dhcp_client
        radio._dhcp_client = None
        radio.ifconfig = lease.local_ip, lease.subnet_mask, lease.gateway_ip, lease.dns_server_ip


def _mac() -> bytes:
    """An address of this processor's own, from those that nobody assigns."""
    try:
        from microcontroller import cpu

        serial = cpu.uid
    except (ImportError, AttributeError, NotImplementedError):
        raise RuntimeError("this board has no serial number to make a mac of: say which")
    mac = bytearray(6)
    for at, byte in enumerate(serial):
        mac[1 + at % 5] ^= byte
    mac[0] = 2
    return bytes(mac)
