"""Draws figures in processes of their own, some at a time: one that fails or is killed takes no other with it."""

import multiprocessing
import signal
from multiprocessing.connection import wait

from . import style

PROCESSES = multiprocessing.get_context("fork")  # what a figure is drawn from is there already, and is not sent


def draw_all(sections, folder, at_once, told, page=style.PAGE, formats=style.FORMATS):
    """Writes the figures of the sections into folder, a file of each format; returns name -> reason of those that
    failed. told(done) is called after each."""
    waiting, running, failed = list(sections), {}, {}
    while waiting or running:
        while waiting and len(running) < at_once:
            process, reasons = start(waiting[0], folder, page, formats)
            running[process.sentinel] = waiting.pop(0), process, reasons
        for sentinel in wait(list(running)):
            section, process, reasons = running.pop(sentinel)
            reason = end(process, reasons)
            failed.update({section.name: reason} if reason else {})
            told(len(sections) - len(waiting) - len(running))
    return failed


def start(section, folder, page, formats):
    reasons, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=draw, args=(section, folder, page, formats, sender), daemon=True)
    process.start()
    sender.close()
    return process, reasons


def draw(section, folder, page, formats, sender):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends its daemons
    try:
        with page.look():
            style.save(section.draw(on=page), folder / section.name, formats)
        sender.send("")
    except Exception as error:
        sender.send(" ".join(f"{type(error).__name__}: {error}".split()))


def end(process, reasons):
    """Why it failed, or nothing."""
    try:
        reason = reasons.recv()
    except EOFError:
        process.join()
        reason = f"its process ended with code {process.exitcode}" if process.exitcode >= 0 else killed(process)
    process.join()
    reasons.close()
    return reason


def killed(process):
    return f"its process was ended by {signal.Signals(-process.exitcode).name}"
