"""Makes augmentation.json: Pillow's results of every operation of RandAugment, and of others' combinations, on one synthetic image.

    python3 tests/Golden/augmentation.py        # made with Pillow 9.4.0

The image is 24 pixels wide and 20 high: gradients, a hard edge and noise of a linear congruential generator. Results are the RGB bytes, base64.
"""
import base64
import json
import os

import PIL
from PIL import Image, ImageEnhance, ImageOps

WIDTH, HEIGHT = 24, 20
FILL = (124, 116, 104)
BICUBIC = Image.BICUBIC


def source():
    state, data = 12345, bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            for c in range(3):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                noise = (state >> 16) % 41
                level = 20 + 7 * x if c == 0 else 15 + 9 * y if c == 1 else (200 if 6 <= x < 15 and 5 <= y < 14 else 30)
                data.append(min(250, level + noise))
    return Image.frombytes("RGB", (WIDTH, HEIGHT), bytes(data))


def affine(image, *matrix):
    return image.transform(image.size, Image.AFFINE, matrix, resample=BICUBIC, fillcolor=FILL)


def solarize_add(image, add):
    return image.point([min(255, i + add) if i < 128 else i for i in range(256)] * 3)


def cases(image):
    flat = Image.new("RGB", image.size, (9, 9, 200))
    yield "autoContrast", 0, ImageOps.autocontrast(image)
    yield "autoContrastFlat", 0, ImageOps.autocontrast(flat)
    yield "equalize", 0, ImageOps.equalize(image)
    yield "equalizeFlat", 0, ImageOps.equalize(flat)
    yield "invert", 0, ImageOps.invert(image)
    for degrees in (27.0, -11.3, 0.4):
        yield "rotate", degrees, image.rotate(degrees, resample=BICUBIC, fillcolor=FILL)
    for bits in (0, 1, 4):
        yield "posterize", bits, ImageOps.posterize(image, bits)
    for threshold in (26, 128, 256):
        yield "solarize", threshold, ImageOps.solarize(image, threshold)
    for add in (37, 99):
        yield "solarizeAdd", add, solarize_add(image, add)
    for factor in (0.19, 1.0, 1.81):
        yield "color", factor, ImageEnhance.Color(image).enhance(factor)
        yield "contrast", factor, ImageEnhance.Contrast(image).enhance(factor)
        yield "brightness", factor, ImageEnhance.Brightness(image).enhance(factor)
        yield "sharpness", factor, ImageEnhance.Sharpness(image).enhance(factor)
    for factor in (0.27, -0.13):
        yield "shearX", factor, affine(image, 1, factor, 0, 0, 1, 0)
        yield "shearY", factor, affine(image, 1, 0, 0, factor, 1, 0)
    for share in (0.405, -0.12):
        yield "translateX", share, affine(image, 1, 0, share * image.size[0], 0, 1, 0)
        yield "translateY", share, affine(image, 1, 0, 0, 0, 1, share * image.size[1])


def main():
    image = source()
    encode = lambda picture: base64.b64encode(picture.tobytes()).decode()
    table = {
        "made": f"tests/Golden/augmentation.py with Pillow {PIL.__version__}",
        "width": WIDTH, "height": HEIGHT, "fill": FILL, "image": encode(image),
        "flat": encode(Image.new("RGB", image.size, (9, 9, 200))),
        "cases": [{"operation": name, "argument": argument, "result": encode(result)} for name, argument, result in cases(image)],
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "augmentation.json"), "w") as file:
        json.dump(table, file, indent=1)
        file.write("\n")


main()
