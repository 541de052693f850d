"""Makes tests/Golden/images: image files of kinds that SkiaSharp does not write, and what Pillow shows of one.

    python3 tests/Golden/images.py        # made with Pillow 9.4.0

The picture is 96 pixels wide and 72 high: gradients, hard edges and noise of a linear congruential generator.
"""
import os

from PIL import Image

WIDTH, HEIGHT = 96, 72
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "images")


def picture():
    state, data = 12345, bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            for c in range(3):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                noise = (state >> 16) % 31
                level = 10 + 2 * x if c == 0 else 15 + 3 * y if c == 1 else (210 if (x // 13 + y // 11) % 2 else 30)
                data.append(min(250, level + noise))
    return Image.frombytes("RGB", (WIDTH, HEIGHT), bytes(data))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    rgb = picture()
    save = lambda image, name, **options: image.save(os.path.join(FOLDER, name), **options)
    save(rgb, "progressive.jpg", progressive=True, quality=75)
    save(rgb, "progressive-444.jpg", progressive=True, quality=75, subsampling=0)
    save(rgb.convert("L"), "progressive-gray.jpg", progressive=True, quality=75)
    save(rgb.convert("CMYK"), "progressive-cmyk.jpg", progressive=True, quality=60)

    # Colours in squares; index 5 of the palette is the transparent one, and the first picture is followed by another.
    flat = rgb.resize((24, 18)).quantize(16)
    save(flat, "transparent.gif", transparency=5, save_all=True, append_images=[flat.rotate(180)], disposal=2)
    save(Image.open(os.path.join(FOLDER, "transparent.gif")).convert("RGB"), "transparent-shown.png")
    save(rgb.resize((24, 18)), "animated.webp", lossless=True, save_all=True, append_images=[rgb.resize((24, 18)).rotate(180)])


if __name__ == "__main__":
    main()
