using System.Collections.Concurrent;

namespace Flip.Tokenizers;

/// <summary>
/// Ids of words seen before: captions are made of few words, and a look-up is many times cheaper than splitting one.
/// Bounded, so that no text can make it grow without end. Safe to use from several threads.
/// </summary>
internal sealed class WordCache
{
    private const int MaxWords = 1 << 17;
    private const int MaxWordLength = 64;

    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private int _count;

    public delegate int[] Encoder(ReadOnlySpan<char> word);

    public int[] GetOrEncode(ReadOnlySpan<char> word, Encoder encode)
    {
        if (word.Length > MaxWordLength)
        {
            return encode(word);
        }

        if (!_words.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out var ids))
        {
            ids = encode(word);
            if (_count < MaxWords && _words.TryAdd(word.ToString(), ids))
            {
                Interlocked.Increment(ref _count);
            }
        }

        return ids;
    }
}
