namespace Flip.Evaluation.Captioning;

/// <summary>
/// In the references of how many images each one to four words in a row are found: by it CIDEr tells telling words from those that every caption has. Usually
/// of the references that captions are scored against; of a larger set, such as a whole training set, where these are few. Safe to read from several threads.
/// </summary>
public sealed class DocumentFrequencies
{
    private readonly WordNumbers _words = new();
    private readonly Dictionary<Ngram, int> _images = [];

    /// <param name="references">The tokenised references of each image, words separated by blanks.</param>
    /// <exception cref="ConfigException">There are no images.</exception>
    public DocumentFrequencies(IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(references);
        Images = references.Count > 0 ? references.Count : throw new ConfigException("There are no references to count words in.");
        foreach (var captions in references)
        {
            foreach (var ngram in captions.SelectMany(caption => Ngram.Count(_words.Of(caption)).Keys).ToHashSet())
            {
                _images[ngram] = _images.GetValueOrDefault(ngram) + 1;
            }
        }
    }

    /// <summary>Number of images.</summary>
    public int Images { get; }

    /// <summary>In how many images' references some words in a row are found, from 0.</summary>
    /// <param name="words">One to four words, separated by blanks.</param>
    public int Of(string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var numbers = NewWords().Of(words);
        return numbers.Length is >= 1 and <= Ngram.MaxWords
            ? Of(Ngram.Count(numbers).Keys.MaxBy(ngram => ngram.Words))
            : throw new ArgumentException($"One to {Ngram.MaxWords} words are counted, not {numbers.Length}.", nameof(words));
    }

    /// <summary>The same words under the same numbers, with room for more.</summary>
    internal WordNumbers NewWords() => new(_words);

    internal int Of(Ngram ngram) => _images.GetValueOrDefault(ngram);
}
