# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What event flags, queues, semaphores, mutexes and timers have in common.

They are created under a name and stand in the kernel's list until they are deleted; all but timers
have threads that wait for them.
"""

from .tx_kernel import TX_KERNEL


class Created:
    """A control block, filled when it is created."""

    is_created = False

    def create(self, name) -> None:
        """Join what the kernel knows."""
        self.name = name
        self.is_created = True
        TX_KERNEL.objects.append(self)

    def delete(self) -> None:
        """Leave what the kernel knows; the control block may be created again."""
        self.is_created = False
        if self in TX_KERNEL.objects:  # not after the kernel has ended
            TX_KERNEL.objects.remove(self)

    def next(self):
        """The next of its kind, in a ring, as ThreadX's lists are."""
        kind = [thing for thing in TX_KERNEL.objects if isinstance(thing, type(self))]
        return kind[(kind.index(self) + 1) % len(kind)] if self in kind else None


class Waited(Created):
    """A control block that threads wait for: the first of the list gets the next that there is."""

    def create(self, name) -> None:
        """Nobody waits yet."""
        Created.create(self, name)
        self.waiters = []
        # Called whenever something is there.
        self.notify = None

    def tell(self) -> None:
        """Call the application, if it wishes."""
        if self.notify:
            self.notify(self)


def may_create(thing, kind) -> bool:
    """Whether this is a control block of a kind, and not in use."""
    return isinstance(thing, kind) and thing not in TX_KERNEL.objects


def exists(thing, kind) -> bool:
    """Whether this is a control block of a kind, and created."""
    return isinstance(thing, kind) and thing.is_created


def release_all(waiters, status: int) -> None:
    """End the wait of all who stand in a list, the first first."""
    while waiters:
        waiters[0].release(status)


def first_of(waiters):
    """The first of those who wait, None where nobody does."""
    return waiters[0] if waiters else None
