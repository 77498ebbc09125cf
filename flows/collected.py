"""What a collection did, in words: for the log, the artifact and the command line."""

from components.registry.references import Collection

KEEP_DAYS = 14
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def collected_lines(done: Collection) -> list[str]:
    """The total, then a line for each kind, then why content was left alone."""
    verb = "would free" if done.dry_run else "freed"
    lines = [f"{verb} {_size(done.total_bytes)}"]
    lines += [
        f"{kind}: {count:,}, {_size(done.num_bytes[kind])}" for kind, count in done.counts.items()
    ]
    if done.held:
        lines.append(f"cached content was left alone: {done.held}")
    return lines


def _size(num_bytes: float) -> str:
    for unit in _UNITS[:-1]:
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} {_UNITS[-1]}"
