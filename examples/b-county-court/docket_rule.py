"""The docket rule that is live: one word in a file, which stands in for the system that rules are published to."""
import os

PUBLISHED = os.path.join(os.path.dirname(os.path.realpath(__file__)), "docket_rule")


def path():
    return os.getenv("DOCKET_RULE_FILE", PUBLISHED)


def live():
    """The version that is live, or "none"."""
    try:
        with open(path(), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return "none"


def put_live(version):
    """Written beside and renamed, so that nobody reads half a word."""
    beside = "%s.%d" % (path(), os.getpid())
    with open(beside, "w", encoding="utf-8") as file:
        file.write(version + "\n")
    os.replace(beside, path())
