namespace Flip.Evaluation.Captioning;

/// <summary>Gives each word a number, so that words in a row are small to hold and quick to compare.</summary>
/// <param name="known">Words with numbers of their own from before; null for none.</param>
internal sealed class WordNumbers(WordNumbers? known = null)
{
    private readonly Dictionary<string, int> _numbers = [];

    /// <summary>The numbers of a caption's words; unknown words get new ones. None is 0.</summary>
    public int[] Of(string caption)
    {
        var words = Split(caption);
        return Array.ConvertAll(words, NumberOf);
    }

    /// <summary>The words of a tokenised caption.</summary>
    public static string[] Split(string caption) => caption.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private int NumberOf(string word)
    {
        if (known is not null && known._numbers.TryGetValue(word, out var number))
        {
            return number;
        }

        if (!_numbers.TryGetValue(word, out number))
        {
            number = known is null ? _numbers.Count + 1 : -_numbers.Count - 1;
            _numbers.Add(word, number);
        }

        return number;
    }
}
