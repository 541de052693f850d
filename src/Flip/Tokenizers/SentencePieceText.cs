using System.Text;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>What becomes of a text before SentencePiece cuts it: letters by the model's map, blanks as its settings say, U+2581 for blanks.</summary>
/// <param name="model">The model.</param>
/// <param name="userDefined">Pieces that stay as they are.</param>
internal sealed class SentencePieceText(SentencePieceModel model, PieceMatcher userDefined)
{
    /// <summary>The text in the form that pieces have.</summary>
    /// <exception cref="ConfigException">The map makes it longer than any text may be.</exception>
    public string Normalize(string text)
    {
        var normal = new StringBuilder(text.Length + 1);
        var rest = text.AsSpan();
        while (model.MergesBlanks && !rest.IsEmpty && Next(rest, out var length) is " ")
        {
            rest = rest[length..];
        }

        if (rest.IsEmpty)
        {
            return string.Empty;
        }

        if (model.AddsBlank)
        {
            normal.Append(SentencePieceModel.Blank);
        }

        var behindBlank = model.MergesBlanks;
        while (!rest.IsEmpty)
        {
            var form = Next(rest, out var length);
            if (behindBlank)
            {
                form = form.TrimStart(' ');
            }

            if (!form.IsEmpty)
            {
                Append(normal, form);
                behindBlank = model.MergesBlanks && form[^1] == ' ';
            }

            rest = rest[length..];
        }

        while (model.MergesBlanks && normal.Length > 0 && normal[^1] == SentencePieceModel.Blank)
        {
            normal.Length--;
        }

        return normal.ToString();
    }

    private static void Append(StringBuilder normal, ReadOnlySpan<char> form)
    {
        if (normal.Length + form.Length > TokenizerLimits.NormalizedLength)
        {
            throw new ConfigException("A text cannot be tokenized: " + FormattableString.Invariant(
                $"the tokenizer's rules make more than {TokenizerLimits.NormalizedLength} characters of it; shorten it."));
        }

        foreach (var c in form)
        {
            normal.Append(c == ' ' ? SentencePieceModel.Blank : c);
        }
    }

    /// <summary>What the beginning of a text becomes.</summary>
    /// <param name="rest">The text, not empty.</param>
    /// <param name="length">UTF-16 units of the beginning, 1 or more.</param>
    private ReadOnlySpan<char> Next(ReadOnlySpan<char> rest, out int length)
    {
        if (userDefined.Longest(rest, out length) >= 0)
        {
            return rest[..length];
        }

        if (model.Map is { } map && map.Longest(rest, out length) is var form && length > 0)
        {
            return form;
        }

        return Rune.DecodeFromUtf16(rest, out _, out length) == System.Buffers.OperationStatus.Done ? rest[..length] : "\uFFFD";
    }
}
