# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How it is drawn: a picture of one moment that fits into the terminal, whatever its size.

From above: the link, what fills and drains, the counters, and the last events in what is left.
"""

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .observe import CONNECTED, CONNECTING
from .words import (
    duration,
    milliseconds,
    printable,
    queue_words,
    sentence,
    state_words,
    window_words,
)

# Border and padding of a panel take so many columns, its border so many rows.
_FRAME_COLUMNS = 4
_FRAME_ROWS = 2
# With fewer columns the counters stand in two pairs of columns instead of four.
_WIDE = 72
# The counters give way where fewer rows than these would be left for the events.
_FEWEST_EVENTS = 3
_LONGEST_BAR = 60
_SHORTEST_BAR = 6
_KIND_COLUMNS = 12
# Of a rare event at most so many lines are shown.
_LINES = 3

_COUNTERS = (
    ("published", ""),
    ("acknowledged", ""),
    ("resent", "yellow"),
    ("received", ""),
    ("dropped", "red"),
    ("oversize", "red"),
    ("attempts", ""),
    ("reconnects", "yellow"),
)

_STATE_STYLES = {CONNECTED: "bold green", CONNECTING: "bold yellow"}
_EVENT_STYLES = {
    "connected": "green",
    "lost": "bold red",
    "failed": "red",
    "refused": "red",
    "not granted": "red",
    "ended": "yellow",
    "subscribed": "cyan",
    "unsubscribed": "cyan",
    "acknowledged": "dim",
}


class _Letters:
    """What bars and dots are made of, by what the terminal can show."""

    def __init__(self, ascii_only: bool):
        self.full, self.empty = "#-" if ascii_only else "█░"
        self.levels = "_.-=+*%#" if ascii_only else "▁▂▃▄▅▆▇█"
        self.more = "..." if ascii_only else "…"
        self.times = "x" if ascii_only else "\N{MULTIPLICATION SIGN}"
        self.dots = {CONNECTED: "*", CONNECTING: "~"} if ascii_only else {CONNECTED: "●"}
        self.dot = "o" if ascii_only else "○"

    def fit(self, text: str, columns: int) -> str:
        """Text that is not wider than so many columns."""
        if cell_len(text) <= columns:
            return text
        room = max(columns - len(self.more), 0)
        return set_cell_size(text, room) + self.more[:columns]


class Picture:
    """A snapshot as rich draws it.

    :param Snapshot snapshot: what is to be seen
    :param str footer: what stands in the lower border
    """

    def __init__(self, snapshot, footer=""):
        self._snapshot = snapshot
        self._footer = footer

    def __rich_console__(self, console, options):
        width = options.max_width
        height = options.height or console.height
        letters = _Letters(options.ascii_only)
        inner = width - _FRAME_COLUMNS
        link = self._link(letters, inner)
        flow = _flow(self._snapshot, letters, inner)
        counters = _counters(self._snapshot.figures, width >= _WIDE)
        title = letters.fit(printable(self._snapshot.title), inner - 2)
        panels = [(link, title, ""), (flow, "now", ""), (counters, "since the start", "")]
        left = height - sum(_rows(panel[0]) + _FRAME_ROWS for panel in panels)
        if left < _FEWEST_EVENTS + _FRAME_ROWS:
            left += _rows(panels.pop()[0]) + _FRAME_ROWS
        rows = left - _FRAME_ROWS
        if rows > 0:
            events = Group(*_events(self._snapshot.events, console, letters, inner, rows))
            footer = letters.fit(printable(self._footer), inner - 2)
            panels.append((events, "last events", footer))
        for content, title, footer in panels:
            lines = rows if content is panels[-1][0] and rows > 0 else _rows(content)
            yield _panel(content, title, footer, width, lines + _FRAME_ROWS)

    def _link(self, letters: _Letters, columns: int) -> Group:
        """Two lines: how the link is, how the last one ended."""
        snapshot = self._snapshot
        state = snapshot.state
        style = _STATE_STYLES.get(state, "bold")
        dot = letters.dots.get(state, letters.dot)
        elapsed = duration(snapshot.seconds)
        parts = f"{dot} {state_words(state)}", *_link_words(snapshot)
        line = letters.fit("  ".join(parts), columns - len(elapsed) - 2)
        first = Text(line)
        first.stylize(style, 0, len(parts[0]))
        first.pad_right(columns - cell_len(line) - len(elapsed))
        first.append(elapsed, "dim")
        return Group(first, Text(letters.fit(_ending(snapshot.ending), columns), "dim"))


def _link_words(snapshot) -> list[str]:
    figures = snapshot.figures
    if snapshot.state == CONNECTED:
        session = "session kept" if snapshot.session_present else "new session"
        return [f"link {duration(figures['link_seconds'])}", session]
    words = [f"no link {duration(figures['without_link_seconds'])}"]
    if snapshot.state == CONNECTING:
        retry = snapshot.retry_seconds
        words.append(f"next try in {retry:.1f} s" if retry else "trying")
    return words


def _ending(event) -> str:
    if event is None:
        return "nothing has ended or failed yet"
    fields = event.fields
    number = f"({fields['stage']}, {fields['status']:#x})"
    return f"{event.wall:%H:%M:%S}  {event.kind}: {printable(fields['cause'])} {number}"


def _rows(content) -> int:
    return content.row_count if isinstance(content, Table) else len(content.renderables)


def _panel(content, title: str, footer: str, width: int, height: int) -> Panel:
    return Panel(
        content,
        title=Text(title) if title else None,
        title_align="left",
        subtitle=Text(footer, "dim") if footer else None,
        subtitle_align="right",
        border_style="blue",
        width=width,
        height=height,
    )


# -- what fills and drains ------------------------------------------------------------------------


def _bar(part: int, whole: int, columns: int, letters: _Letters) -> Text:
    """A bar that is empty for nothing only, and full for all only."""
    full = min(max(round(columns * part / whole), part > 0), columns - (part < whole))
    style = "red" if part >= whole else "yellow" if 4 * part >= 3 * whole else "green"
    bar = Text(letters.full * full, style)
    return bar.append(letters.empty * (columns - full), "dim")


def _spark(values: tuple, columns: int, letters: _Letters) -> Text:
    """The newest values as columns, each as high as it is beside the highest of them."""
    values = values[-columns:]
    most = max(values, default=0) or 1
    top = len(letters.levels) - 1
    line = "".join(letters.levels[round(top * value / most)] for value in values)
    return Text(line.rjust(columns), "cyan")


def _round_trip_words(figures: dict) -> str:
    if figures["round_trip_last"] is None:
        return "nothing acknowledged yet"
    last, middle, worst = (
        milliseconds(figures["round_trip_" + name]) for name in ("last", "median", "worst")
    )
    return f"{last}, median {middle}, worst {worst}"


def _flow(snapshot, letters: _Letters, columns: int) -> Table:
    """Three lines of a name, a graph and words; the graph has what the words leave."""
    figures = snapshot.figures
    names = ("queue", "window", "round trip" if columns + _FRAME_COLUMNS >= _WIDE else "trip")
    words = (queue_words(figures), window_words(figures), _round_trip_words(figures))
    name_columns = max(map(len, names))
    # Wide enough for the figures to grow without moving the graph at once.
    word_columns = -(-max(map(len, words)) // 8) * 8
    room = columns - name_columns - word_columns - 4
    bar = min(max(room, _SHORTEST_BAR), _LONGEST_BAR)
    graphs = (
        _bar(figures["queue_bytes"], figures["queue_size"], bar, letters),
        _bar(figures["unacknowledged"], figures["depth"], bar, letters),
        _spark(snapshot.round_trips, bar, letters),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=name_columns, no_wrap=True)
    table.add_column(width=bar, no_wrap=True)
    table.add_column(no_wrap=True)
    left = columns - name_columns - bar - 4
    for name, graph, text in zip(names, graphs, words, strict=True):
        table.add_row(Text(name, "bold"), graph, Text(letters.fit(text, left)))
    return table


# -- counters -------------------------------------------------------------------------------------


def _counters(figures: dict, wide: bool) -> Table:
    pairs = 4 if wide else 2
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    for place in range(pairs):
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True, ratio=1)
        if place < pairs - 1:
            table.add_column(width=2)
    for start in range(0, len(_COUNTERS), pairs):
        cells = []
        for name, style in _COUNTERS[start : start + pairs]:
            value = figures[name]
            cells += [Text(name, "dim"), Text(f"{value:,}", style if value else "bold"), Text()]
        table.add_row(*cells[:-1])
    return table


# -- events ---------------------------------------------------------------------------------------


def _events(events: tuple, console, letters: _Letters, columns: int, rows: int) -> list[Text]:
    """Lines of the newest events, and above them of older ones that are rare.

    Half of the rows are for what is rare, where it has not been among the newest anyway: a loss is
    to be seen for longer than the few seconds in which messages and acknowledgements fill a screen.
    """
    chosen = {}
    left = rows
    # What must be left for others when an event takes a row, and which events may take one.
    for spared, wanted in ((rows // 2, _any), (0, _rare), (0, _any)):
        for event in reversed(events):
            if left <= spared:
                break
            if event.number not in chosen and wanted(event):
                chosen[event.number] = _event_lines(event, console, letters, columns)
                left -= len(chosen[event.number])
    lines = [line for number in sorted(chosen) for line in chosen[number]]
    return lines[-rows:]


def _any(event) -> bool:
    return True


def _rare(event) -> bool:
    return not event.frequent


def _event_lines(event, console, letters: _Letters, columns: int) -> list[Text]:
    head = f"{event.wall:%H:%M:%S}  "
    kind = event.kind.ljust(_KIND_COLUMNS) + "  "
    room = max(columns - len(head) - len(kind), 1)
    text = sentence(event)
    if event.count > 1:
        text = f"{letters.times}{event.count:,}  {text}"
    style = _EVENT_STYLES.get(event.kind, "")
    if event.frequent:
        parts = [Text(letters.fit(text, room))]
    else:
        parts = list(Text(text).wrap(console, room))[:_LINES]
    lines = []
    for number, part in enumerate(parts):
        line = Text(no_wrap=True)
        line.append(" " * len(head) if number else head, "dim")
        line.append(" " * len(kind) if number else kind, style)
        lines.append(line.append_text(part))
    return lines
