using System.Buffers;
using System.Globalization;
using System.Text;

namespace Flip.Tokenizers;

/// <summary>
/// Cuts added tokens out of a text as Hugging Face's tokenizers do: first those that are not normalized, from the raw text; then the others,
/// from what is left of it in normalized form. Of two tokens the one that begins first is found, of those that begin together the longest.
/// </summary>
internal sealed class AddedTokens
{
    /// <summary>The id of a part that is no token.</summary>
    public const int Text = -1;

    public static readonly AddedTokens None = new([], text => text, text => text);

    private readonly Func<string, string> _normalize;
    private readonly Finder? _raw;
    private readonly Finder? _normalized;

    /// <param name="tokens">The tokens.</param>
    /// <param name="normalize">The tokenizer's normalization of a text.</param>
    /// <param name="normalizeToken">The same for a token that is looked for in it.</param>
    /// <param name="splitSpecial">Whether special tokens are text (Hugging Face's <c>split_special_tokens</c>).</param>
    public AddedTokens(
        IEnumerable<AddedToken> tokens, Func<string, string> normalize, Func<string, string> normalizeToken, bool splitSpecial = false)
    {
        _normalize = normalize;
        _raw = Finder.Of(tokens.Where(token => !token.Normalized), token => token.Content, splitSpecial);
        _normalized = Finder.Of(tokens.Where(token => token.Normalized), token => normalizeToken(token.Content), splitSpecial);
    }

    /// <summary>Whether a text passes through <see cref="Cut"/> whole.</summary>
    public bool IsEmpty => _raw is null && _normalized is null;

    /// <summary>The parts of a text in their order.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Normalized text with <see cref="Text"/>, or a token's id.</returns>
    public IEnumerable<(string Part, int Id)> Cut(string text)
    {
        foreach (var (part, id) in _raw is null ? [(text, Text)] : _raw.Cut(text))
        {
            if (id != Text)
            {
                yield return (part, id);
                continue;
            }

            var normal = _normalize(part);
            foreach (var piece in _normalized is null ? [(normal, Text)] : _normalized.Cut(normal))
            {
                yield return piece;
            }
        }
    }

    /// <summary>Finds some tokens in a text.</summary>
    private sealed class Finder
    {
        private readonly Dictionary<string, AddedToken> _tokens;
        private readonly bool _splitSpecial;
        private readonly SearchValues<string> _starts;
        private readonly int[] _lengths; // the longest first

        private Finder(Dictionary<string, AddedToken> tokens, bool splitSpecial)
        {
            (_tokens, _splitSpecial) = (tokens, splitSpecial);
            _starts = SearchValues.Create([.. tokens.Keys], StringComparison.Ordinal);
            _lengths = [.. tokens.Keys.Select(text => text.Length).Distinct().OrderDescending()];
        }

        public static Finder? Of(IEnumerable<AddedToken> tokens, Func<AddedToken, string> form, bool splitSpecial)
        {
            var forms = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
            foreach (var token in tokens)
            {
                if (form(token) is { Length: > 0 } text)
                {
                    forms[text] = token;
                }
            }

            return forms.Count > 0 && !forms.Values.All(token => splitSpecial && token.Special) ? new Finder(forms, splitSpecial) : null;
        }

        public IEnumerable<(string Part, int Id)> Cut(string text)
        {
            var (textStart, position) = (0, 0);
            while (text.AsSpan(position).IndexOfAny(_starts) is >= 0 and var distance)
            {
                var start = position + distance;
                var (token, length) = LongestAt(text.AsSpan(start));
                var stop = position = start + length;
                if ((token.Special && _splitSpecial) || (token.SingleWord && IsInsideWord(text, start, stop)))
                {
                    continue; // it stays text, and nothing is looked for inside it
                }

                while (token.LeftStrip && start > textStart && char.IsWhiteSpace(text[start - 1]))
                {
                    start--;
                }

                while (token.RightStrip && stop < text.Length && char.IsWhiteSpace(text[stop]))
                {
                    stop++;
                }

                if (textStart < start)
                {
                    yield return (text[textStart..start], Text);
                }

                yield return (string.Empty, token.Id);
                textStart = stop;
            }

            if (textStart < text.Length)
            {
                yield return (text[textStart..], Text);
            }
        }

        private (AddedToken Token, int Length) LongestAt(ReadOnlySpan<char> text)
        {
            var tokens = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
            foreach (var length in _lengths)
            {
                if (length <= text.Length && tokens.TryGetValue(text[..length], out var token))
                {
                    return (token, length);
                }
            }

            throw new InvalidOperationException("A token was found and is none.");
        }

        private static bool IsInsideWord(string text, int start, int stop) =>
            (start > 0 && Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _) == OperationStatus.Done && IsWord(before))
            || (stop < text.Length && Rune.DecodeFromUtf16(text.AsSpan(stop), out var after, out _) == OperationStatus.Done && IsWord(after));

        /// <summary>A regular expression's <c>\w</c>.</summary>
        private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune)
            is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation || rune.Value is 0x200C or 0x200D;
    }
}
