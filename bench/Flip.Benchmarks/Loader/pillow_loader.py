"""Times Pillow on files, crops and a size that the loader benchmark gives. It reads a JSON object {"size", "files", "crops"} from the path
in its first argument; then for each line of input, the name of a task, it prints seconds of processor time and of the clock for one pass."""

import io
import json
import sys
import time

from PIL import Image, features

BICUBIC = Image.Resampling.BICUBIC if hasattr(Image, "Resampling") else Image.BICUBIC


def decode(data, crop, size):
    Image.open(io.BytesIO(data)).convert("RGB").load()


def transform(data, crop, size):
    """What torchvision does: the whole image, the crop, the resize with antialiasing, bytes of [S, S, 3]."""
    left, top, width, height = crop
    image = Image.open(io.BytesIO(data)).convert("RGB").crop((left, top, left + width, top + height))
    image.resize((size, size), BICUBIC).tobytes()


def draft(data, crop, size):
    """The same with Pillow's own reduced decoding, which few pipelines use."""
    left, top, width, height = crop
    image = Image.open(io.BytesIO(data))
    whole = image.size
    factor = min(width, height) / size
    image.draft("RGB", (int(whole[0] / factor), int(whole[1] / factor)))
    x, y = image.size[0] / whole[0], image.size[1] / whole[1]
    box = (left * x, top * y, (left + width) * x, (top + height) * y)
    image.convert("RGB").resize((size, size), BICUBIC, box=box).tobytes()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    images = []
    for name in work["files"]:
        with open(name, "rb") as file:
            images.append(file.read())
    tasks = {"decode": decode, "transform": transform, "draft": draft}
    print(Image.__version__, features.version("libjpeg_turbo"), flush=True)
    for line in sys.stdin:
        task = tasks[line.strip()]
        cpu, clock = time.process_time(), time.perf_counter()
        for data, crop in zip(images, work["crops"]):
            task(data, crop, work["size"])
        print(time.process_time() - cpu, time.perf_counter() - clock, flush=True)


main()
