"""An edit of the configuration that is refused. Lazy; a module of its own, which stays loaded during all steps."""


class EditError(Exception):
    """`args` are sentences, each with a key in front where one is at fault."""
