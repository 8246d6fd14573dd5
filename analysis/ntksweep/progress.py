"""What a report is at, on stderr: one line that is rewritten on a terminal, elsewhere a line now and then."""

import sys
import time

EVERY = 10  # seconds between lines that are not rewritten


class Progress:
    def __init__(self, of, words, stream=None, clock=time.monotonic):
        """of: how many figures are drawn; words: more on them, for the first line."""
        self.of, self.stream, self.clock = of, stream or sys.stderr, clock
        self.began = self.last = clock()
        self.is_terminal = self.stream.isatty()
        self.write(f"drawing {words}", end="" if self.is_terminal else "\n")

    def __call__(self, done):
        now = self.clock()
        is_last = done == self.of
        if self.is_terminal or is_last or now - self.last >= EVERY:
            self.last = now
            self.write(self.text(done, now - self.began), end="" if self.is_terminal and not is_last else "\n")

    def text(self, done, seconds):
        figures = f"{done} of {self.of} figures drawn"
        if done == self.of:
            return f"{figures} in {seconds:.0f} s"
        return f"{figures}, {seconds / done * (self.of - done):.0f} s to go"

    def write(self, text, end):
        self.stream.write(("\r\033[K" if self.is_terminal else "") + f"report: {text}{end}")
        self.stream.flush()
