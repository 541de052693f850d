"""Makes unigram.model, bpe.model and golden.json: two tiny SentencePiece models as SigLIP's and SigLIP 2's are trained, and the ids of hard texts.

Run in this folder: python3 sentencepiece.py
Made with the programs spm_train and spm_encode of SentencePiece 0.1.97 (Debian 12: sentencepiece 0.1.97-3+b1). The training text is made by this script.
"""
import json
import random
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TRAINER_SPEC, PATHS = 2, (1, 2)  # where the training text and the model lay is of no interest
ADJECTIVES = "red blue green small large old young wooden shiny blurry bright dark striped happy sleeping running broken rusty golden tiny".split()
NOUNS = ("dog cat horse boat bicycle umbrella mountain kitchen skateboard elephant photograph airplane bottle sandwich children painting "
         "street window flower lighthouse guitar cafe naive jalapeño résumé Straße Übung").split()
PLACES = "on the beach|in a park|under a bridge|next to the river|at night|in the snow|behind two trees|near 123 Main Street|in 1984".split("|")
OTHER = ["изображение большой собаки в парке", "一张狗的照片", "犬の写真です", "صورة كلب", "φωτογραφία ενός σκύλου", "कुत्ते की तस्वीर", "사진 속의 개",
         "int main() { return 0; }", "<table><tr><td>3.14</td></tr></table>", "http://example.com/a?b=c&d=e", "e = m c^2", "don't won't it's"]
USER_DEFINED = ["<mask>", "[@BOS@]", "<unused0>", "<table>", "</table>"]


def corpus():
    draw = random.Random(7)
    for _ in range(6000):
        adjective, noun = draw.choice(ADJECTIVES), draw.choice(NOUNS)
        text = f"a photo of a {adjective} {noun} {draw.choice(PLACES)}"
        if draw.random() < 0.3:
            text = f"{noun.capitalize()}s and {draw.choice(NOUNS)}s: {draw.randint(0, 9999)} of them, {adjective}!"
        if draw.random() < 0.1:
            text = draw.choice(OTHER)
        yield text


def texts():
    draw = random.Random(11)
    plain = list(corpus())
    hard = [
        "", " ", "   ", "a", "a ", " a", "  a  b  ", "a\tb", "a\u00a0b", "a\u3000b", "a\u200bb", "\u2581", "a\u2581b", "\u2581a", "a \u2581 b",
        "aaaaaaaaaaaaaaaaaaaaaaaaa", "abababababab", "ooooooooooo", "dogdogdogdog", "DOG Dog dOg", "don't", "it's 5 o'clock", "x" * 200, "a b " * 50,
        "1234567890", "3.14159", "12,345", "café", "cafe\u0301", "naïve", "nai\u0308ve", "Straße", "STRASSE", "ﬁne ﬂower", "ｆｕｌｌ ｗｉｄｔｈ", "Ⅷ", "½", "™", "…",
        "①②③", "㎏", "ﾊﾝｶｸ", "한국어", "ㅎㅏㄴ", "\u1112\u1161\u11ab", "日本語の写真", "犬", "狗的照片在", "עברית", "العربية صورة", "हिन्दी कुत्ते", "ไทย", "ελληνικά ς", "РУССКИЙ текст",
        "😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "a😀b", "😀😀😀", "𝒳𝓎𝓏", "𐍈", "\U0010ffff", "\ufffd", "\ufeffa", "a\ufeffb", "\u202eabc", "\u0301", "\u0301\u0301a", "e\u0301\u0302\u0303",
        "<unk>", "<s>", "</s>", "<pad>", "a </s> b", "<mask>", "a<mask>b", "a <mask> b", "<mask><mask>", "[@BOS@] dog", "<unused0>", "<table>dog</table>", "<tab", "<table", "<<table>>",
        "<0x41>", "<0xE2>", "a<0x0A>b", "\\n", "&amp;", "http://example.com/?q=1&r=2", "#tag @user", "C:\\path\\x", "`~!@#$%^&*()_+-=[]{}|;':\",./<>?",
        "\x00", "a\x00b", "\x01\x02", "a\x7fb", "\x1b[31m", "a\rb", "\u0085", "a\u2028b", "a\u2029b", "a\u00adb", "ÀÈÌÒÙ", "İstanbul", "ΑΣ", "ǅ", "ß", "ẞ", "ŉ",
        "Ω", "Å", "K", "ſ", "ﷺ", "ﬃ", "¨", "´a", "~", "〜", "～", "ー", "―", "–", "—", "‘x’", "“y”", "«z»", "•", "\u2028", "𝟘𝟙", "１２３", "٣٤٥",
        "isthisawordthatnobodyhaseverseenbefore", "pneumonoultramicroscopicsilicovolcanoniosis", "zzzzqqqqxxxx", "photoofadogonthebeach", "a photo of", "photo photo photo",
        "   leading", "trailing   ", "a  photo   of    a     dog", "a\u00a0\u00a0b", "\u3000a\u3000", "-", "--", "- -", ".", "..", "...", ". . .", "?!", "a.b.c", "U.S.A.", "e.g. this",
    ]
    mixed = []
    alphabet = "ab dog éß犬😀▁<>/12  .'"
    for _ in range(60):
        mixed.append("".join(draw.choice(alphabet) for _ in range(draw.randint(1, 30))))
    every = hard + [draw.choice(plain) for _ in range(30)] + mixed
    return [text for text in dict.fromkeys(every) if "\n" not in text]


def train(name, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(corpus()))
        file.flush()
        subprocess.run(["spm_train", f"--input={file.name}", f"--model_prefix={HERE / name}", "--num_threads=1", "--minloglevel=2", *options], check=True)
    (HERE / f"{name}.vocab").unlink()
    model = HERE / f"{name}.model"
    model.write_bytes(b"".join(
        field if number != TRAINER_SPEC else head(number, inner := b"".join(one for n, one, _ in fields(body) if n not in PATHS)) + inner
        for number, field, body in fields(model.read_bytes())))


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """Fields of a protobuf message: number, bytes, content."""
    at = 0
    while at < len(data):
        start = at
        key, at = varint(data, at)
        length, at = varint(data, at) if key & 7 in (0, 2) else ({1: 8, 5: 4}[key & 7], at)
        body = at
        at += 0 if key & 7 == 0 else length
        yield key >> 3, data[start:at], data[body:at]


def head(number, content):
    length, out = len(content), bytes([number << 3 | 2])
    while length > 127:
        out, length = out + bytes([length & 127 | 128]), length >> 7
    return out + bytes([length])


def encode(name, lines):
    model = HERE / f"{name}.model"
    result = subprocess.run(
        ["spm_encode", f"--model={model}", "--output_format=id"], input="\n".join(lines) + "\n", capture_output=True, check=True, encoding="utf-8")
    rows = result.stdout.split("\n")[: len(lines)]
    return [[int(id) for id in row.split()] for row in rows]


def main():
    train("unigram", "--model_type=unigram", "--vocab_size=500", "--pad_id=0", "--eos_id=1", "--unk_id=2", "--bos_id=-1", "--character_coverage=0.998")
    train(
        "bpe", "--model_type=bpe", "--vocab_size=900", "--byte_fallback=true", "--normalization_rule_name=identity", "--add_dummy_prefix=false",
        "--remove_extra_whitespaces=false", "--split_digits=true", "--allow_whitespace_only_pieces=true", "--pad_id=0", "--eos_id=1", "--bos_id=2",
        "--unk_id=3", "--user_defined_symbols=" + ",".join(USER_DEFINED), "--character_coverage=0.998")
    lines = texts()
    golden = {"texts": lines, "unigram": encode("unigram", lines), "bpe": encode("bpe", lines)}
    (HERE / "golden.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(len(lines), "texts")


main()
