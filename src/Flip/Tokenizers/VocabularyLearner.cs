using System.Runtime.InteropServices;
using System.Text;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// Learns a WordPiece vocabulary from captions: starting from single characters, the most frequent pair of neighboring pieces
/// becomes a piece, again and again (Sennrich et al., arXiv 1508.07909, with WordPiece's <c>##</c>, as Hugging Face's
/// trainer does it; Google's own trainer, which scores pairs by likelihood, was never published). The result depends on
/// the captions alone, not on their order.
/// </summary>
public sealed class VocabularyLearner
{
    /// <summary>The smallest size: markers, and letters, digits and marks of ASCII, which are always there.</summary>
    public const int MinSize = 256;

    /// <summary>[PAD] is 0, as in BERT and FLIP; the others are there for tools that expect a BERT vocabulary.</summary>
    private static readonly string[] Markers = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private const int MaxWordLength = 100;
    private const int MinPairCount = 2;

    private readonly int _size;
    private readonly WordPieceRules _rules;
    private readonly List<string> _pieces = [.. Markers];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(int[] Pieces, long Count)> _words = [];
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _pairWords = [];
    private readonly PriorityQueue<(int Left, int Right), (long NegativeCount, int Left, int Right)> _queue = new();

    private VocabularyLearner(int size, WordPieceRules rules)
    {
        _size = size;
        _rules = rules;
    }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="captions">Read once; memory grows with the number of distinct words.</param>
    /// <param name="size">Pieces wanted; fewer come back where the captions do not have as many that occur twice.</param>
    /// <param name="variant">Text normalization, the same as the tokenizer's.</param>
    /// <param name="cancellation">Stops between two captions, words or merges.</param>
    /// <returns>The pieces in the order of their ids: markers ([PAD] is 0, [UNK] is 1), characters, merged pieces.</returns>
    public static IReadOnlyList<string> Learn(
        IEnumerable<string> captions,
        int size,
        WordPieceVariant variant = WordPieceVariant.Bert,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, MinSize);
        var rules = WordPieceRules.Of(variant);
        var words = CountWords(captions, rules, cancellation);
        var learner = new VocabularyLearner(size, rules);
        learner.AddCharacters(words);
        learner.AddWords(words, cancellation);
        learner.MergePairs(cancellation);
        return learner._pieces;
    }

    private static List<KeyValuePair<string, long>> CountWords(
        IEnumerable<string> captions, WordPieceRules rules, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var caption in captions)
        {
            cancellation.ThrowIfCancellationRequested();
            var text = WordPieceText.Normalize(caption, rules).AsSpan();
            foreach (var range in text.Split(' '))
            {
                if (text[range].Length is > 0 and <= MaxWordLength)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, text[range], out _)++;
                }
            }
        }

        return [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal)];
    }

    /// <summary>Every ASCII character and the most frequent others, each as a beginning and a continuation of a word, so that
    /// a word never seen is still no [UNK].</summary>
    private void AddCharacters(List<KeyValuePair<string, long>> words)
    {
        var counts = new SortedDictionary<Rune, long>();
        foreach (var (word, count) in words)
        {
            foreach (var rune in word.EnumerateRunes())
            {
                counts[rune] = counts.GetValueOrDefault(rune) + count;
            }
        }

        // A script of thousands of characters leaves half of the places for words.
        var ascii = Enumerable.Range('!', '~' - '!' + 1).Where(c => !char.IsAsciiLetterUpper((char)c)).Select(c => new Rune(c));
        var others = counts.Where(pair => !pair.Key.IsAscii).OrderByDescending(pair => pair.Value).Select(pair => pair.Key).Take(_size / 4);
        foreach (var rune in ascii.Concat(others.Order()))
        {
            Add(rune.ToString());
            var standsAlone = WordPieceText.Normalize("x" + rune, _rules).Contains(' ', StringComparison.Ordinal);
            if (!standsAlone && _pieces.Count < _size)
            {
                Add(WordPieceTokenizer.Continuing + rune);
            }
        }
    }

    private int Add(string piece)
    {
        if (!_ids.TryGetValue(piece, out var id))
        {
            id = _pieces.Count;
            _pieces.Add(piece);
            _ids.Add(piece, id);
        }

        return id;
    }

    private void AddWords(List<KeyValuePair<string, long>> words, CancellationToken cancellation)
    {
        foreach (var (word, count) in words)
        {
            cancellation.ThrowIfCancellationRequested();
            var pieces = word.EnumerateRunes()
                .Select((rune, place) => _ids.GetValueOrDefault(place == 0 ? rune.ToString() : WordPieceTokenizer.Continuing + rune, -1))
                .ToArray();

            // A word with a character that found no place is [UNK] whatever else is merged.
            if (Array.TrueForAll(pieces, id => id >= 0))
            {
                _words.Add((pieces, count));
                CountPairs(_words.Count - 1, count);
            }
        }

        foreach (var (pair, count) in _pairCounts)
        {
            Enqueue(pair, count);
        }
    }

    private void MergePairs(CancellationToken cancellation)
    {
        while (_pieces.Count < _size && _queue.TryDequeue(out var pair, out var priority))
        {
            cancellation.ThrowIfCancellationRequested();
            var count = _pairCounts.GetValueOrDefault(pair);
            if (count != -priority.NegativeCount)
            {
                // The entry is older than the count; a pair that has become more frequent is in the queue again already.
                if (count < -priority.NegativeCount)
                {
                    Enqueue(pair, count);
                }
            }
            else
            {
                Merge(pair);
            }
        }
    }

    private void Merge((int Left, int Right) pair)
    {
        var merged = Add(_pieces[pair.Left] + _pieces[pair.Right][WordPieceTokenizer.Continuing.Length..]);
        var touched = new HashSet<(int Left, int Right)>();
        foreach (var word in _pairWords[pair])
        {
            var (pieces, count) = _words[word];
            CountPairs(word, -count);
            _words[word] = (Replace(pieces, pair, merged), count);
            CountPairs(word, count);
            touched.UnionWith(Pairs(_words[word].Pieces).Where(other => other.Left == merged || other.Right == merged));
        }

        _pairCounts.Remove(pair);
        _pairWords.Remove(pair);
        foreach (var other in touched)
        {
            Enqueue(other, _pairCounts[other]);
        }
    }

    private void Enqueue((int Left, int Right) pair, long count)
    {
        if (count >= MinPairCount)
        {
            _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
    }

    private void CountPairs(int word, long change)
    {
        foreach (var pair in Pairs(_words[word].Pieces))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += change;
            if (change > 0)
            {
                ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairWords, pair, out _);
                (words ??= []).Add(word);
            }
        }
    }

    private static IEnumerable<(int Left, int Right)> Pairs(int[] pieces)
    {
        for (var i = 1; i < pieces.Length; i++)
        {
            yield return (pieces[i - 1], pieces[i]);
        }
    }

    private static int[] Replace(int[] pieces, (int Left, int Right) pair, int merged)
    {
        var result = new List<int>(pieces.Length);
        for (var i = 0; i < pieces.Length; i++)
        {
            if (i + 1 < pieces.Length && (pieces[i], pieces[i + 1]) == pair)
            {
                result.Add(merged);
                i++;
            }
            else
            {
                result.Add(pieces[i]);
            }
        }

        return [.. result];
    }
}
