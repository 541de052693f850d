using System.Text.Json.Nodes;

namespace Flip.Tokenizers;

/// <summary>
/// SentencePiece's models in a <c>tokenizer.json</c>: Unigram as Hugging Face's converter writes T5's and SigLIP's, and byte-pair encoding as it writes
/// Gemma's. Steps that give the same ids as SentencePiece's own are taken as these: blanks before, behind and between words are treated as the model's
/// training did, markers that a text holds are text, and added tokens are pieces that are found first.
/// </summary>
internal static class SentencePieceJson
{
    private static readonly JsonNode BlankToMark = JsonNode.Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}""")!;
    private static readonly JsonNode Lowercase = JsonNode.Parse("""{"type":"Lowercase"}""")!;
    private static readonly JsonNode SplitAtBlanks = JsonNode.Parse("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""")!;
    private static readonly JsonNode SeveralToOne = JsonNode.Parse("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}""")!;
    private static readonly JsonNode SeveralToMark = JsonNode.Parse("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}""")!;
    private static readonly JsonNode StripRight = JsonNode.Parse("""{"type":"Strip","strip_left":false,"strip_right":true}""")!;

    /// <summary>A Unigram model.</summary>
    /// <exception cref="VocabularyException">The file is damaged, or gives other ids than ours.</exception>
    public static SentencePieceModel ReadUnigram(TokenizerPart file, TokenizerPart model)
    {
        model.RequireSetting("byte_fallback", false);
        var unknown = model.Part("unk_id").Number();
        var added = Added(file);
        if (model.Part("vocab").Count() is > TokenizerLimits.Tokens and var count)
        {
            throw new VocabularyException(file.File, $"has {count} pieces, the most that are read are {TokenizerLimits.Tokens}");
        }

        Piece[] pieces = [.. model.Part("vocab").Items().Select((entry, id) =>
        {
            var parts = entry.Items().Take(3).ToList();
            if (parts.Count != 2)
            {
                throw new VocabularyException(file.File, $"model.vocab[{id}] is no piece with its score");
            }

            var text = parts[0].Text();
            return new Piece(text, parts[1].Single(), id == unknown ? PieceType.Unknown : TypeOf(added, text, id));
        })];
        RequireMarkerSpaces(file);
        var (end, padding) = Markers(file);
        return new SentencePieceModel(file.File, WithAdded(file, pieces, added)) { Map = Map(file), EndPiece = end, PaddingPiece = padding };
    }

    /// <summary>A model of byte pairs.</summary>
    /// <exception cref="VocabularyException">The file is damaged, or gives other ids than ours.</exception>
    public static SentencePieceModel ReadBytePairs(TokenizerPart file, TokenizerPart model)
    {
        if (file.Find("normalizer") is { } && file.Part("normalizer").Find("type")?.Text() == "Sequence")
        {
            TokenizerPart.Require(file, "normalizer", new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(Lowercase.DeepClone(), BlankToMark.DeepClone()) });
        }
        else
        {
            TokenizerPart.Require(file, "normalizer", BlankToMark);
        }

        if (file.Find("pre_tokenizer") is not null)
        {
            TokenizerPart.Require(file, "pre_tokenizer", SplitAtBlanks); // at none: they are replaced before
        }

        model.RequireSetting("dropout", 0);
        model.RequireSetting("continuing_subword_prefix", string.Empty);
        model.RequireSetting("end_of_word_suffix", string.Empty);
        model.RequireSetting("ignore_merges", false);
        var ids = model.Part("vocab").Ids();
        var added = Added(file);
        var unknown = model.Part("unk_token").Text();
        var pieces = new Piece[ids.Count];
        foreach (var (text, id) in ids)
        {
            if (id < 0 || id >= pieces.Length || pieces[id].Text is not null)
            {
                throw new VocabularyException(file.File, "the ids of the vocabulary are not 0, 1, 2 ... each once");
            }

            var isByte = text is ['<', '0', 'x', _, _, '>'];
            pieces[id] = new Piece(text, 0, text == unknown ? PieceType.Unknown : isByte ? PieceType.Byte : TypeOf(added, text, id));
        }

        var (end, padding) = Markers(file);
        return new SentencePieceModel(file.File, WithAdded(file, pieces, added))
        {
            IsUnigram = false,
            HasBytes = true,
            AddsBlank = false,
            MergesBlanks = false,
            Merges = Merges(model, ids),
            EndPiece = end,
            PaddingPiece = padding,
        };
    }

    private static Dictionary<(int Left, int Right), (int Rank, int Id)> Merges(TokenizerPart model, Dictionary<string, int> ids)
    {
        if (model.Part("merges").Count() is > TokenizerLimits.Tokens and var count)
        {
            throw new VocabularyException(model.File, $"model.merges has {count}, the most that are read are {TokenizerLimits.Tokens}");
        }

        var merges = new Dictionary<(int, int), (int, int)>();
        foreach (var merge in model.Part("merges").Items())
        {
            string[] halves = merge.IsText ? merge.Text().Split(' ', 3) : [.. merge.Items().Take(3).Select(half => half.Text())];
            if (halves is not [var left, var right] || !ids.TryGetValue(left, out var leftId) || !ids.TryGetValue(right, out var rightId)
                || !ids.TryGetValue(left + right, out var id) || !merges.TryAdd((leftId, rightId), (merges.Count, id)))
            {
                throw new VocabularyException(model.File, $"model.merges[{merges.Count}] is no merge of two pieces to a third, or is there twice");
            }
        }

        return merges;
    }

    /// <summary>Added tokens by their texts: whether they are markers.</summary>
    private static Dictionary<string, AddedToken> Added(TokenizerPart file)
    {
        var added = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var token in TokenizerFile.Added(file))
        {
            if (!added.TryAdd(token.Content, token))
            {
                throw new VocabularyException(file.File, $"the added token {TokenizerPart.Quoted(token.Content)} is there twice");
            }
        }

        return added;
    }

    private static PieceType TypeOf(Dictionary<string, AddedToken> added, string text, int id) => !added.TryGetValue(text, out var token) || token.Id != id
        ? PieceType.Normal
        : token.Special ? PieceType.Control : PieceType.UserDefined;

    /// <summary>The pieces with those added tokens that are behind them.</summary>
    private static IReadOnlyList<Piece> WithAdded(TokenizerPart file, Piece[] pieces, Dictionary<string, AddedToken> added)
    {
        var further = added.Values.Where(token => token.Id >= pieces.Length).OrderBy(token => token.Id).ToList();
        for (var i = 0; i < further.Count; i++)
        {
            if (further[i].Id != pieces.Length + i)
            {
                throw new VocabularyException(file.File, $"the added token {TokenizerPart.Quoted(further[i].Content)} has {further[i].Id}, expected {pieces.Length + i}");
            }
        }

        var misplaced = added.Values.FirstOrDefault(token => token.Id < pieces.Length && pieces[token.Id].Text != token.Content);
        return misplaced is null
            ? [.. pieces, .. further.Select(token => new Piece(token.Content, 0, token.Special ? PieceType.Control : PieceType.UserDefined))]
            : throw new VocabularyException(file.File, $"the added token {TokenizerPart.Quoted(misplaced.Content)} has the id of another piece");
    }

    /// <summary>The marker behind a text and the padding. Markers before a text would be in every row, and SigLIP's rows have none.</summary>
    private static (string End, string Padding) Markers(TokenizerPart file)
    {
        var padding = file.Find("padding")?.Find("pad_token")?.Text() ?? "<pad>";
        var usual = file.Part("model").Find("type")?.Text() == "Unigram" ? "</s>" : "<eos>";
        if (file.Find("post_processor") is not { } processor)
        {
            return (usual, padding);
        }

        var template = processor.Part("type").Text() == "TemplateProcessing" ? processor.Part("single").Items().Take(3).ToList() : [];
        return template.Count == 2 && template[0].Find("Sequence") is not null && template[1].Find("SpecialToken") is { } end
            ? (end.Part("id").Text(), padding)
            : throw new VocabularyException(file.File, "puts other markers around a text than one behind it (post_processor)");
    }

    /// <summary>Blanks become U+2581, one before the text.</summary>
    private static void RequireMarkerSpaces(TokenizerPart file)
    {
        var step = file.Part("pre_tokenizer");
        var metaspace = step.Part("type").Text() == "Sequence" ? step.Part("pretokenizers").Items().LastOrDefault() ?? step : step;
        var others = step.Part("type").Text() == "Sequence" ? step.Part("pretokenizers").Items().SkipLast(1).Select(other => other.Part("type").Text()) : [];
        if (metaspace.Part("type").Text() != "Metaspace" || others.Any(other => other != "WhitespaceSplit")
            || (metaspace.Find("prepend_scheme")?.Text() ?? "always") == "never" || metaspace.Find("add_prefix_space")?.Boolean() == false)
        {
            throw new VocabularyException(file.File, "gives other ids than ours: pre_tokenizer is not Metaspace with a blank before the text");
        }

        metaspace.RequireSetting("replacement", "▁");
    }

    private static CharacterMap? Map(TokenizerPart file)
    {
        if (file.Find("normalizer") is not { } step)
        {
            return null;
        }

        List<TokenizerPart> steps = step.Part("type").Text() == "Sequence" ? [.. step.Part("normalizers").Items().Take(8)] : [step];
        var maps = steps.Where(one => one.Part("type").Text() == "Precompiled").ToList();
        foreach (var other in steps.Except(maps))
        {
            other.RequireOneOf(SeveralToOne, SeveralToMark, StripRight);
        }

        return maps switch
        {
            [] => null,
            [var map] => new CharacterMap(file.File, map.Part("precompiled_charsmap").Bytes()),
            _ => throw new VocabularyException(file.File, "has several maps of characters"),
        };
    }
}
