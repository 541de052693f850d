// Makes added-tokens.json: what Hugging Face's own engine (npm install tokenizers@0.23.2) makes of texts that hold added tokens,
// for tiny tokenizers of both kinds. node added-tokens.js > added-tokens.json
const { Tokenizer } = require("tokenizers");

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };
const added = (id, content, more) => ({ id, content, ...flags, ...more });

function clip() {
  const printable = b => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  const characters = [...Array(256).keys()].map(b => String.fromCodePoint(printable(b) ? b : next++)).sort();
  const merges = ["l o", "lo w", "e r</w>"];
  const tokens = [...characters, ...characters.map(c => c + "</w>"), ...merges.map(m => m.replace(" ", "")), "<|startoftext|>", "<|endoftext|>"];
  return {
    version: "1.0", truncation: null, padding: null,
    added_tokens: [
      added(0, "!", { normalized: false, special: true }),
      added(515, "<|startoftext|>", { special: true }), added(516, "<|endoftext|>", { special: true }),
      added(517, "<Cat-Toy>"), added(518, "<cat"), added(519, "<raw>", { normalized: false }), added(520, "<RAW>x", { normalized: false }),
      added(521, "wow", { single_word: true }), added(522, "<left>", { lstrip: true }), added(523, "<right>", { rstrip: true }),
      added(524, "<both>", { lstrip: true, rstrip: true, normalized: false }), added(525, "two words"),
    ],
    normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Lowercase" }] },
    pre_tokenizer: { type: "Sequence", pretokenizers: [
      { type: "Split", pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" }, behavior: "Removed", invert: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }] },
    post_processor: { type: "RobertaProcessing", sep: ["<|endoftext|>", 516], cls: ["<|startoftext|>", 515], trim_offsets: false, add_prefix_space: false },
    decoder: null,
    model: { type: "BPE", dropout: null, unk_token: "<|endoftext|>", continuing_subword_prefix: "", end_of_word_suffix: "</w>", fuse_unk: false,
      byte_fallback: false, ignore_merges: false, vocab: Object.fromEntries(tokens.map((t, i) => [t, i])), merges },
  };
}

function bert(normalizer) {
  const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "##s", "Dog", "cafe", "café", "Café", "中", "文", "中文", "<", ">", "-", "!", "toy", "Toy",
    "cat", "[", "]", "sep", "SEP", "##a", "low", "##er", "two", "words", "x"];
  const id = Object.fromEntries(pieces.map((t, i) => [t, i]));
  const special = { special: true, normalized: false };
  return {
    version: "1.0", truncation: null, padding: null,
    added_tokens: [
      ...pieces.slice(0, 5).map((t, i) => added(i, t, special)),
      added(32, "<Cat-Toy>"), added(33, "<raw>", { normalized: false }), added(34, "wow", { single_word: true }),
      added(35, "<left>", { lstrip: true }), added(36, "<right>", { rstrip: true }), added(37, "two words"), added(38, "CAFÉ"),
    ],
    normalizer: { type: "BertNormalizer", clean_text: true, ...normalizer },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "[SEP]", type_id: 0 } }],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] } } },
    decoder: null,
    model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: id },
  };
}

const texts = [
  "", " ", "a dog", "a <Cat-Toy> dog", "a<CAT-TOY>dog", "a <cat toy", "<cat-toy><cat-toy>", "<cat-to>", "a <raw> b <RAW> c <RAW>x d <raw>x",
  "low lower wow-lower swow _wow wow_ wow1 (wow) Wow wow", "a  <left>  b", "a  <right>  b", "a \t<both>\n b", "<left> <right> <both> <left>",
  "two words", "Two  Words", "two\nwords", "twowords two words", "end <|endoftext|> here", "x!<|endoftext|>!", "<|STARTOFTEXT|>a", "<|endoftext|", "hi!", "!!", "'S it's I'LL",
  "[CLS] a [SEP] dog", "[sep] [ SEP ]", "[MASK][PAD]", "café CAFÉ Café cafe\u0301", "中文 dog中", "dogs Dogs", "a-dog!", "&amp; &lt;raw&gt; “a”", "\u0000a\u200bb\u00a0dog",
  "<raw", "<<raw>>", "a<left>", "  <right>", "é<wow>wow\u0301", "😀wow😀",
];

(async () => {
  const files = {
    clip: clip(),
    uncased: bert({ handle_chinese_chars: true, strip_accents: null, lowercase: true }),
    cased: bert({ handle_chinese_chars: true, strip_accents: false, lowercase: false }),
    accents: bert({ handle_chinese_chars: false, strip_accents: false, lowercase: true }),
  };
  const out = { source: "huggingface/tokenizers 0.23.2 (its package for Node), see added-tokens.js", tokenizers: {} };
  for (const [name, file] of Object.entries(files)) {
    const tokenizer = Tokenizer.fromString(JSON.stringify(file));
    const ids = [], rows = [];
    for (const text of texts) ids.push((await tokenizer.encode(text)).getIds());
    tokenizer.setTruncation(6);
    tokenizer.setPadding({ maxLength: 6, padId: 0, padToken: "[PAD]" });
    for (const text of texts) rows.push((await tokenizer.encode(text)).getIds());
    out.tokenizers[name] = { file, ids, rows };
  }
  out.texts = texts;
  const lines = JSON.stringify(out, null, 1).replace(/\[\s+(-?\d[\d,\s]*?)\s+\]/g, (_, numbers) => "[" + numbers.replace(/\s+/g, "") + "]");
  process.stdout.write(lines.replace(/[\u007f-\uffff]/g, c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")) + "\n");
})();
