# What 'flip data pack --resize keep-ratio' does, with Pillow and tarfile, on one thread: reads shards, decodes, makes the short side SIZE pixels, encodes as JPEG, writes one shard.
# Run: python3 bench/pack_pillow.py SIZE OUT.tar SHARD.tar...      (Pillow 9.4; prints images and seconds of processor time)
# Beside it: flip data pack 'SHARD*.tar' --out FOLDER --resize keep-ratio --size SIZE --threads 1, timed by the shell's 'time' (user + sys).
import io
import sys
import tarfile
import time

from PIL import Image

size, out, shards = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
count = 0
start = time.process_time()
with tarfile.open(out, "w") as target:
    for shard in shards:
        with tarfile.open(shard) as source:
            for member in source:
                data = source.extractfile(member).read()
                if member.name.endswith(".jpg"):
                    image = Image.open(io.BytesIO(data)).convert("RGB")
                    scale = min(1, size / min(image.size))
                    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.BICUBIC)
                    buffer = io.BytesIO()
                    image.save(buffer, "JPEG", quality=95)
                    data = buffer.getvalue()
                    count += 1
                info = tarfile.TarInfo(member.name)
                info.size = len(data)
                target.addfile(info, io.BytesIO(data))
print(f"{count} images, {time.process_time() - start:.2f} s of processor time")
