"""The ``deepmeme`` command: its tree, its exit codes and how errors look.

Exit codes: 0 done, 1 a fault of ours, 2 something about the input or the options, 130 Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import Any

EXIT_FAULT, EXIT_INPUT, EXIT_INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):  # at once, without any library
        from deepmeme import __version__

        print(f"deepmeme {__version__}")
        sys.exit(0)
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    sys.exit(_run(given, debug=debug))


def _run(arguments: list[str], *, debug: bool) -> int:
    from deepmeme.cli.tree import build
    from deepmeme.errors import DeepmemeError, Interrupted

    as_json = "--json" in arguments
    try:
        code = build()(args=arguments, prog_name="deepmeme", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, Interrupted) as stop:
        text = str(stop) or "Stopped. Nothing was rendered yet, so nothing is kept."
        return _report(text, "Interrupted", EXIT_INTERRUPTED, as_json, style="yellow")
    except DeepmemeError as error:
        if debug:
            raise
        return _report(str(error), type(error).__name__, EXIT_INPUT, as_json)
    except Exception as error:
        return _other(error, as_json, debug=debug)


def _other(error: Exception, as_json: bool, *, debug: bool) -> int:
    """Usage errors of the command line, extras that are missing, and faults of ours."""
    from deepmeme.extras import missing_extra

    show = getattr(error, "format_message", None)
    if show is not None:  # a usage error: what was typed is no command or no option
        usage = getattr(error, "ctx", None)
        where = f" See: {usage.command_path} --help" if usage is not None else ""
        return _report(f"{show()}{where}", "UsageError", EXIT_INPUT, as_json)
    missing = missing_extra(error)
    if missing is not None and not debug:
        return _report(str(missing), type(missing).__name__, EXIT_INPUT, as_json)
    if type(error).__name__ == "Abort":
        return _report("Stopped.", "Interrupted", EXIT_INTERRUPTED, as_json, style="yellow")
    if debug:
        raise error
    text = (
        f"Sorry, this is a fault in deepmeme, not yours: {type(error).__name__}: {error}\n"
        "Run the same command with --debug and send us what it prints, with `deepmeme doctor`."
    )
    return _report(text, type(error).__name__, EXIT_FAULT, as_json)


def _report(text: str, kind: str, code: int, as_json: bool, *, style: str = "red") -> int:
    from deepmeme.cli.console import print_json, screen

    if as_json:
        print_json({"ok": False, "error": {"type": kind, "message": text}, "exit_code": code})
    else:
        console = screen()
        console.print(text, style=style, markup=False)
    return code


def run(arguments: Sequence[str]) -> Any:
    """As :func:`main`, but returns the exit code; for tests and for other programs."""
    try:
        main(arguments)
    except SystemExit as end:
        return end.code
    return 0


if __name__ == "__main__":
    main()
