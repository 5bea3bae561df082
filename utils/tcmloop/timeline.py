# SPDX-License-Identifier: GPL-2.0-only
"""What became of a scenario, as a picture: a bar of each path's states, errors, steps, and the latency."""
import re
from html import escape

from .experiment import more_errors
from .scenario import STATES

WIDTH, LEFT, RIGHT, BAR, LINE, PLOT = 960, 120, 20, 22, 16, 140
TEXT = "font-family=\"sans-serif\" font-size=\"12\""
# The colour of a state, by the first of these that a path has; else that of one that works.
COLOURS = (("gone", "#ffffff"), ("offline", "#c62828"), ("failed", "#e57373"), ("blocked", "#ffb74d"), ("standby", "#fff176"), ("unavailable", "#ffcc80"),
           ("transitioning", "#ce93d8"), ("nonoptimized", "#c5e1a5"))
WORKS = "#81c784"
LINES = ("#1565c0", "#6a1b9a", "#00838f", "#ef6c00", "#4e342e", "#37474f", "#ad1457", "#2e7d32")


def plain(text):
    """As XML takes it, in ASCII: without what is no character there."""
    return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "?", escape(text, quote=False)).encode("ascii", "xmlcharrefreplace").decode()


def colour(states):
    return next((found for name, found in COLOURS if any(name in state for state in states)), WORKS)


def shown(states):
    """The states but for those that go without saying."""
    return ", ".join(state for state in states if state not in ("", "online", "running", "active")) or "active"


def spans(path):
    """From when to when a path had which states."""
    begin, states = 0.0, None
    for now, look in path.looks:
        found = [getattr(look, what) for what in STATES]
        if found != states:
            if states is not None:
                yield begin, now, states
            begin, states = now if states is not None else 0.0, found
    yield begin, path.looks[-1][0], states


def ticks(length):
    """Round numbers, some ten of them."""
    step = next(factor * power for power in (0.1, 1, 10, 100, 1000, 10000) for factor in (1, 2, 5) if length / (factor * power) <= 12)
    return [step * number for number in range(int(length / step) + 1)]


def svg(experiment, judged):
    """The text of the picture.  judged: of each expectation its text, whether it is met, and what there was."""
    paths = list(experiment.paths.values())
    last = max(path.looks[-1][0] for path in paths) or 0.1
    most = max((value for path in paths for _, value in path.latencies()), default=0) or 1.0
    lanes = [path for path in paths if path.place]
    top = 2 * LINE + 8
    plot = top + len(lanes) * (BAR + 6) + LINE
    axis = plot + PLOT
    height = axis + (len(experiment.done) + len(judged) + 3) * LINE
    found = []

    def x(time):
        return LEFT + time / last * (WIDTH - LEFT - RIGHT)

    def y(value):
        return axis - value / most * (PLOT - LINE)

    def text(at, down, words, more=""):
        found.append(f"<text x=\"{at:.1f}\" y=\"{down:.1f}\" {TEXT} {more}>{plain(words)}</text>")

    def line(x1, y1, x2, y2, stroke, more=""):
        found.append(f"<line x1=\"{x1:.1f}\" y1=\"{y1:.1f}\" x2=\"{x2:.1f}\" y2=\"{y2:.1f}\" stroke=\"{stroke}\" {more}/>")

    text(8, LINE + 2, experiment.scenario.name, "font-weight=\"bold\"")
    for number, path in enumerate(lanes):
        down = top + number * (BAR + 6)
        text(8, down + LINE, path.name)
        for begin, end, states in spans(path):
            found.append(f"<rect x=\"{x(begin):.1f}\" y=\"{down}\" width=\"{max(0.5, x(end) - x(begin)):.1f}\" height=\"{BAR}\" fill=\"{colour(states)}\" stroke=\"#555\" "
                         f"stroke-width=\"0.5\"><title>{plain(f'{path.name} {begin:.1f} to {end:.1f} s: ' + ', '.join(filter(None, states)))}</title></rect>")
            if 7 * len(shown(states)) < x(end) - x(begin):
                text(x(begin) + 4, down + LINE, shown(states))
        for now, before, after in path.pairs():
            if more_errors(before, after):
                line(x(now), down + BAR - 7, x(now), down + BAR, "#000", "stroke-width=\"2\"")
    for time in ticks(last):
        line(x(time), axis, x(time), axis + 4, "#000")
        text(x(time), axis + LINE, f"{time:g}", "text-anchor=\"middle\"")
    text(8, axis + LINE, "seconds")
    text(8, plot + 1, "ms of a request")
    for value in most, most / 2:
        line(LEFT, y(value), WIDTH - RIGHT, y(value), "#ddd")
        text(LEFT - 6, y(value) + 4, f"{value:.3g}", "text-anchor=\"end\"")
    line(LEFT, axis, WIDTH - RIGHT, axis, "#000")
    for path, stroke in zip(paths, LINES * len(paths)):
        points, last_at = [], None
        for now, value in path.latencies():  # a line ends where nothing ended for a second
            points.append(f"{'L' if last_at is not None and now - last_at < 1 else 'M'}{x(now):.1f} {y(value):.1f}h0")
            last_at = now
        found.append(f"<path d=\"{' '.join(points)}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.5\" stroke-linecap=\"round\"><title>{plain(path.name)}</title></path>")
    at = LEFT
    for path, stroke in zip(paths, LINES * len(paths)):
        line(at, plot - 3, at + 16, plot - 3, stroke, "stroke-width=\"2\"")
        text(at + 20, plot + 1, path.name)
        at += 44 + 7 * len(path.name)
    down = axis + 2 * LINE + 8
    for number, (now, step) in enumerate(experiment.done, 1):
        line(x(now), top - 6, x(now), axis, "#000", "stroke-dasharray=\"3 3\"")
        text(x(now), top - 8, f"{number}", "text-anchor=\"middle\"")
        text(8, down, f"{number}: {now:.1f} s: {' '.join(step.words)}")
        down += LINE
    for words, met, what in judged:
        text(8, down, f"{'as expected' if met else 'NOT AS EXPECTED'}: {words}: {what}", f"fill=\"{'#2e7d32' if met else '#c62828'}\"")
        down += LINE
    return "\n".join([f"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">",
                      f"<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>", *found, "</svg>", ""])
