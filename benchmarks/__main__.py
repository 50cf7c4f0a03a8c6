"""All benchmarks, one after the other: `python -m benchmarks`, or the names of some: `python -m benchmarks encode`."""

import subprocess
import sys

NAMES = ("encode", "families", "generate", "losses", "preprocess", "space", "start", "train")


def main() -> int:
    """Each in a process of its own, so that none warms up what another measures."""
    chosen = sys.argv[1:] or NAMES
    if unknown := set(chosen) - set(NAMES):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    return max(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode for name in chosen)


if __name__ == "__main__":
    sys.exit(main())
