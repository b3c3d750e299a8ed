"""Closes the slot that an image of files was written into: verifies the whole, and lets it start. Lazy.

`upload`: as for opening.py.
"""

from binascii import hexlify

from evencell.update import slot_steps


def finish(upload):
    """Verify the whole: from now on the slot is one that boot.py may start."""
    if hexlify(upload.whole.digest()).decode() != upload.header["sha256"]:
        raise upload.refusal(400, "this image arrived damaged: its hash is another than its header says")
    if not slot_steps.commit(upload.folder + "/manifest.json", upload.manifest_digest):
        raise upload.refusal(507, "manifest.json could not be written: try again, and watch the storage on the page")


def activate(upload):
    """Let boot.py start the slot next: the last step of all."""
    slot_steps.activate(upload.context.board.storage + "/slot", upload.slot)
