"""Makes the README's pictures from the running thing: `make pictures`."""

from tools.docs import moving_picture, page_pictures
from tools.screens.command import OVERVIEW, overview
from tools.screens.png import write_png


def main():
    """Write the displays' overview, then the moving picture, then those of the page."""
    write_png(OVERVIEW, overview())
    moving_picture.main()
    page_pictures.main()


if __name__ == "__main__":
    main()
