using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public class TextCleanerTests
{
    [Theory]
    [InlineData(TextCleaning.None, "  A &amp; “B”_c \n", "  A &amp; “B”_c \n")]
    [InlineData(TextCleaning.Whitespace, "  A &amp;amp; “B”_c \n d\u00a0e ", "A & \"B\"_c d e")]
    [InlineData(TextCleaning.Lower, "  A &amp; “B”_c \n ΟΔΟΣ", "a & \"b\"_c οδος")]
    [InlineData(TextCleaning.Canonicalize, "  A &amp; “B”_c! don't (x) §5 \n", "a b c dont x §5")]
    [InlineData(TextCleaning.Canonicalize, "!?", "")]
    public void Texts_are_cleaned_as_open_clip_does(TextCleaning cleaning, string text, string expected) =>
        Assert.Equal(expected, TextCleaner.Clean(text, cleaning));
}
