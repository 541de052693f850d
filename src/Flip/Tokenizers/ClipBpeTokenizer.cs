using System.Text;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>
/// CLIP's byte-pair encoding: cleaned, lower-cased text between <c>&lt;|startoftext|&gt;</c> and <c>&lt;|endoftext|&gt;</c>, filled with 0. A
/// marker written in a text becomes the marker, as in CLIP (<see cref="ClipMarkers"/> says how it is found). The merging is written here because that of Microsoft.ML.Tokenizers
/// takes time quadratic in a word's length: a minute for a word of one megabyte.
/// </summary>
public sealed class ClipBpeTokenizer : ITokenizer
{
    private readonly BpeVocabulary _vocabulary;
    private readonly IReadOnlyList<AddedToken> _listed;
    private readonly AddedTokens _added;
    private readonly ClipRules _rules;
    private readonly WordCache _cache = new();
    private readonly WordCache.Encoder _encodeWord;

    internal ClipBpeTokenizer(BpeVocabulary vocabulary, IReadOnlyList<AddedToken> added, ClipRules rules)
    {
        (_vocabulary, _listed, _rules) = (vocabulary, added, rules);
        _added = rules.Markers == ClipMarkers.HuggingFace
            ? new AddedTokens(added, rules.Normalize, ClipText.Normalize, rules.SplitSpecialTokens)
            : AddedTokens.None; // neither OpenAI's tokenizer nor open_clip's knows any
        _encodeWord = EncodeWord;
    }

    /// <summary>How the markers are found in a text.</summary>
    public ClipMarkers Markers => _rules.Markers;

    /// <summary>What is done to a text first.</summary>
    public TextCleaning Cleaning => _rules.Cleaning;

    /// <inheritdoc/>
    public int VocabularySize => _vocabulary.Tokens.Count;

    /// <summary>0, also the id of an ordinary token: what is padding follows from the end-of-text marker.</summary>
    public int PaddingId => 0;

    /// <summary>The id that begins every row.</summary>
    public int StartOfTextId => _vocabulary.StartId;

    /// <inheritdoc/>
    public int? EndOfTextId => _vocabulary.EndId;

    /// <summary>
    /// Reads a vocabulary: OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c>, a plain list of merges, or Hugging Face's <c>vocab.json</c> with
    /// <c>merges.txt</c> (either file, or their folder).
    /// </summary>
    /// <exception cref="VocabularyException">A file is missing or damaged.</exception>
    public static ClipBpeTokenizer Load(string path)
    {
        var vocabulary = BpeVocabulary.Load(path);
        return new ClipBpeTokenizer(vocabulary, ClipTokenizerFile.Markers(vocabulary), ClipRules.OpenAi);
    }

    /// <summary>The same vocabulary under other rules.</summary>
    internal ClipBpeTokenizer With(ClipMarkers markers, TextCleaning cleaning) => markers == Markers && cleaning == Cleaning
        ? this
        : new ClipBpeTokenizer(_vocabulary, _listed, _rules with { Markers = markers, Cleaning = cleaning });

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text) => Encode(text, int.MaxValue);

    /// <summary>The ids of a text; those behind the first <paramref name="most"/> may be missing.</summary>
    private List<int> Encode(string text, int most)
    {
        var ids = new List<int>();
        text = _rules.Prepare(TokenizerLimits.Checked(text));
        foreach (var (part, id) in _added.IsEmpty ? [(_rules.Normalize(text), AddedTokens.Text)] : _added.Cut(text))
        {
            if (ids.Count >= most)
            {
                break;
            }

            if (id == AddedTokens.Text)
            {
                AddWords(part, ids, most);
            }
            else
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <summary>Fills a row: start marker, ids, end marker, zeros; of a text that is too long the end marker takes the last place.</summary>
    /// <inheritdoc/>
    public int EncodeRow(string text, Span<int> row)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, 2);
        var ids = Encode(text, row.Length - 2);
        var kept = Math.Min(ids.Count, row.Length - 2);
        row[0] = StartOfTextId;
        for (var i = 0; i < kept; i++)
        {
            row[i + 1] = ids[i];
        }

        row[kept + 1] = _vocabulary.EndId;
        row[(kept + 2)..].Fill(PaddingId);
        return kept + 2;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An id outside the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        var bytes = ids.SelectMany(id => id >= 0 && id < VocabularySize
            ? _vocabulary.BytesOf(_vocabulary.Tokens[id])
            : throw new ArgumentOutOfRangeException(nameof(ids), id, $"Ids are 0 to {VocabularySize - 1}."));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <inheritdoc/>
    public void Save(string folder, int? contextLength = null)
    {
        _vocabulary.Save(folder);
        ClipTokenizerFile.Save(folder, _vocabulary, _listed);

        // The padding token is the published models': "!", whose id is our 0, would as a marker be cut out of every text that holds one.
        var markers = new JsonObject
        {
            ["bos_token"] = ClipText.StartOfText,
            ["eos_token"] = ClipText.EndOfText,
            ["unk_token"] = ClipText.EndOfText,
            ["pad_token"] = ClipText.EndOfText,
        };
        AtomicFile.WriteText(Path.Combine(folder, DeclaredTokens.MarkersFile), markers.ToJsonString(TokenizerFile.Readable) + "\n");
        var description = new TokenizerDescription
        {
            TokenizerClass = TokenizerDescription.Clip,
            DoLowerCase = true,
            SplitSpecialTokens = _rules.SplitSpecialTokens ? true : null,
            ClipMarkers = Markers,
            TextCleaning = Cleaning == TextCleaning.Lower ? null : Cleaning,
        };
        if (!_listed.SequenceEqual(ClipTokenizerFile.Markers(_vocabulary)))
        {
            markers[DeclaredTokens.Decoder] = TokenizerFile.Decoder(_listed);
        }

        description.Save(folder, markers, contextLength);
    }

    private void AddWords(string text, List<int> ids, int most)
    {
        var markers = _rules.Words;
        var rest = text.AsSpan();
        while (!rest.IsEmpty && ids.Count < most)
        {
            var length = ClipText.WordLength(rest, markers);
            if (length > 0)
            {
                var word = rest[..length];
                ids.AddRange(
                    markers is not var (start, end) ? _cache.GetOrEncode(word, _encodeWord)
                    : word.SequenceEqual(start) ? [_vocabulary.StartId]
                    : word.SequenceEqual(end) ? [_vocabulary.EndId]
                    : _cache.GetOrEncode(word, _encodeWord));
            }

            rest = rest[Math.Max(1, length)..];
        }
    }

    private int[] EncodeWord(ReadOnlySpan<char> word) => Merge(_vocabulary.Bytes(word));

    /// <summary>
    /// Applies merges, the lowest rank first and among equals the leftmost, until none applies. Tokens are a linked list and
    /// candidates a heap, so the time is n log n; a candidate is stale where a token has changed since.
    /// </summary>
    private int[] Merge(int[] tokens)
    {
        const int Gone = -1;
        var next = Enumerable.Range(1, tokens.Length).ToArray();
        var previous = Enumerable.Range(-1, tokens.Length).ToArray();
        var candidates = new PriorityQueue<(int Left, int LeftToken, int RightToken, int Merged), (int Rank, int Position)>();

        void Consider(int left)
        {
            if (left >= 0 && next[left] < tokens.Length && _vocabulary.TryMerge(tokens[left], tokens[next[left]], out var merge))
            {
                candidates.Enqueue((left, tokens[left], tokens[next[left]], merge.Id), (merge.Rank, left));
            }
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            Consider(i);
        }

        while (candidates.TryDequeue(out var candidate, out _))
        {
            var left = candidate.Left;
            var right = next[left];
            if (tokens[left] == candidate.LeftToken && right < tokens.Length && tokens[right] == candidate.RightToken)
            {
                tokens[left] = candidate.Merged;
                tokens[right] = Gone;
                next[left] = next[right];
                if (next[left] < tokens.Length)
                {
                    previous[next[left]] = left;
                }

                Consider(previous[left]);
                Consider(left);
            }
        }

        return Array.FindAll(tokens, token => token != Gone);
    }
}
