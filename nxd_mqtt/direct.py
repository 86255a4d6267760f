# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The way to a socket pool that was handed in: what ConnectionManager does for a radio's."""


class Direct:
    """Opens sockets of the pool that a link's platform has, and keeps none."""

    def get_socket(self, host: str, port: int, proto, session_id, **options):
        """Try each address of a name; they share the time.

        :param options: ``timeout``, seconds for all; ``ssl_context``, the link, which poses as one
            and takes the raw socket over
        """
        link = options["ssl_context"]
        refusal = OSError(-2, "no address")
        pool = link.ip.pool
        addresses = pool.getaddrinfo(host, port, 0, pool.SOCK_STREAM)
        for address in addresses:
            try:
                link.wrap_socket(pool.socket(address[0], address[1]))
                link.settimeout(options["timeout"] / len(addresses))
                return link.connect(address[-1])
            except OSError as error:
                refusal = error
                link.close()
        raise refusal

    def close_socket(self, link) -> None:
        """The link closes its socket itself."""
