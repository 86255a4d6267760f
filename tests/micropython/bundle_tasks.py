# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Two tasks hand numbers to each other in turns, by the asyncio that is on the drive."""

import asyncio


async def hand_over(mine, others, numbers, seen):
    """Wait for the other task, note a number, wake the other one."""
    for number in numbers:
        await mine.wait()
        mine.clear()
        seen.append(number)
        others.set()
        await asyncio.sleep(0)


async def main():
    """Both tasks, and a limit for them."""
    first, second, seen = asyncio.Event(), asyncio.Event(), []
    first.set()
    tasks = hand_over(first, second, (1, 3, 5), seen), hand_over(second, first, (2, 4, 6), seen)
    await asyncio.wait_for(asyncio.gather(*tasks), 5)
    print(asyncio.__file__, seen)


asyncio.run(main())
