using System.Text.Json.Nodes;
using Flip.Tokenizers;
using Google.Protobuf;

namespace Flip.Tests.Tokenizers;

/// <summary>The <c>tokenizer.json</c> of a SentencePiece model in the form of Hugging Face's converter, whose lists of merges follow from the scores.</summary>
internal static class SentencePieceJsonFile
{
    public static void Save(string path, string modelPath)
    {
        var content = File.ReadAllBytes(modelPath);
        var model = SentencePieceFile.Read(modelPath, content);
        File.WriteAllText(path, (model.IsUnigram ? Unigram(model, content) : BytePairs(model)).ToJsonString());
    }

    private static JsonObject Unigram(SentencePieceModel model, byte[] content) => Whole(
        model,
        new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(
                new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(CharacterMapOf(content)) },
                JsonNode.Parse("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}""")),
        },
        JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""")!,
        new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = model.UnknownId,
            ["vocab"] = new JsonArray([.. model.Pieces.Select(piece => (JsonNode)new JsonArray(piece.Text, (double)piece.Score))]),
            ["byte_fallback"] = false,
        });

    private static JsonObject BytePairs(SentencePieceModel model)
    {
        var merges = model.Pieces
            .SelectMany((piece, id) => Enumerable.Range(1, Math.Max(0, piece.Text.Length - 1))
                .Select(at => (Left: piece.Text[..at], Right: piece.Text[at..]))
                .Where(halves => piece.Type == PieceType.Normal && model.Ids.ContainsKey(halves.Left) && model.Ids.ContainsKey(halves.Right))
                .OrderBy(halves => (model.Ids[halves.Left], model.Ids[halves.Right]))
                .Select(halves => (halves.Left, halves.Right, piece.Score)))
            .OrderByDescending(merge => merge.Score)
            .Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right));
        return Whole(
            model,
            JsonNode.Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}""")!,
            JsonNode.Parse("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""")!,
            new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = "<unk>",
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["ignore_merges"] = false,
                ["vocab"] = new JsonObject(model.Ids.Select(piece => KeyValuePair.Create(piece.Key, (JsonNode?)JsonValue.Create(piece.Value)))),
                ["merges"] = new JsonArray([.. merges]),
            });
    }

    private static JsonObject Whole(SentencePieceModel model, JsonNode normalizer, JsonNode preTokenizer, JsonObject steps) => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray([.. model.Pieces
            .Select((piece, id) => (piece, id))
            .Where(entry => entry.piece.Type is PieceType.Control or PieceType.Unknown or PieceType.UserDefined)
            .Select(entry => (JsonNode)new JsonObject
            {
                ["id"] = entry.id,
                ["content"] = entry.piece.Text,
                ["normalized"] = false,
                ["special"] = entry.piece.Type != PieceType.UserDefined,
            })]),
        ["normalizer"] = normalizer,
        ["pre_tokenizer"] = preTokenizer,
        ["post_processor"] = JsonNode.Parse(
            """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"special_tokens":{}}"""),
        ["model"] = steps,
    };

    /// <summary>The map in the model's normalizer_spec.</summary>
    private static byte[] CharacterMapOf(byte[] content)
    {
        var input = new CodedInputStream(content);
        while (input.ReadTag() is not 0 and var tag)
        {
            if (WireFormat.GetTagFieldNumber(tag) != 3)
            {
                input.SkipLastField();
                continue;
            }

            var normalizer = input.ReadBytes().CreateCodedInput();
            while (normalizer.ReadTag() is not 0 and var inner)
            {
                if (WireFormat.GetTagFieldNumber(inner) == 2)
                {
                    return normalizer.ReadBytes().ToByteArray();
                }

                normalizer.SkipLastField();
            }
        }

        throw new InvalidDataException("no map");
    }
}
