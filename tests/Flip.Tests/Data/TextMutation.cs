using System.Text;
using Flip.Randomness;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Data;

/// <summary>Damage as texts of people and strangers have it: pieces that mean something to a parser are put in, doubled or lost, and bytes are damaged.</summary>
internal static class TextMutation
{
    private static readonly string[] Pieces =
    [
        "\"", "\\", "{", "}", "[", "]", ",", ":", ";", "\t", "\n", "\r", "\r\n", "|", "#", "//", "/*", "\0", "\u001b[31m", "\u0085", "\uFEFF", "\uFFFD", "\uFDD0",
        "null", "true", "0", "-1", "1.5", "1e999", "-1e999", "99999999999999999999", "NaN", "-Infinity", "\"\"", "\" \"", "\"\\ud800\"", "\"\\udc00x\"", "\\u0000",
        "\"a\": ", "[[[[[[[[", "{\"a\":", "../", "/etc/passwd", "C:\\", "(", ")", "?<image>", "{1,1000}", "(a*)*", "{split}", "{Split}", "{c}", "{0..9}", "*",
    ];

    /// <summary>A damaged copy as bytes, the same for the same trial.</summary>
    public static byte[] Of(string original, int trial)
    {
        var random = new CounterRandom(12, RandomPurpose.Evaluation, item: trial);
        var text = new StringBuilder(original);
        for (var count = random.NextInt(4); count > 0; count--)
        {
            var at = random.NextInt(text.Length + 1);
            var length = Math.Min(random.NextInt(12), text.Length - at);
            switch (random.NextInt(4))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, text.ToString(at, length));
                    break;
                case 2:
                    text.Remove(at, length).Insert(at, Pieces[random.NextInt(Pieces.Length)]);
                    break;
                default:
                    text.Insert(at, Pieces[random.NextInt(Pieces.Length)]);
                    break;
            }
        }

        var bytes = (random.NextInt(20) == 0 ? Encoding.Unicode : Encoding.UTF8).GetBytes(text.ToString());
        return bytes.Length > 0 && random.NextInt(4) == 0 ? Mutation.Of(bytes, trial) : bytes;
    }
}
