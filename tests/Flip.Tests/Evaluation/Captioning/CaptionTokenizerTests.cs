using System.Diagnostics;
using Flip.Evaluation.Captioning;

namespace Flip.Tests.Evaluation.Captioning;

/// <summary>Captions whose words are known: each was given to the Java program's lexer too, and both agree.</summary>
public class CaptionTokenizerTests
{
    [Theory]
    [InlineData("A man , wearing a hat , is \" happy \" .", "a man wearing a hat is happy")]
    [InlineData("Two dogs play in the snow.", "two dogs play in the snow")]
    [InlineData("\"Hello\", said the 'man'!", "hello said the man")]
    [InlineData("the \"no parking\" sign says \"stop!\"", "the no parking sign says stop")]
    [InlineData("“curly” ‘single’ «french» „low“", "curly single french „ low")]
    [InlineData("Wait... what; who: a -- b - c — d – e", "wait what who a b c d e")]
    [InlineData("really?! no!! yes! why??", "really ?! no !! yes why ??")]
    [InlineData("", "")]
    [InlineData(" . ", "")]
    public void Punctuation_is_removed(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("Don't stop.", "do n't stop")]
    [InlineData("DON'T WALK, IT'S JOE'S", "do n't walk it 's joe 's")]
    [InlineData("a dog's ball isn't red", "a dog 's ball is n't red")]
    [InlineData("a boy’s toy and a girl’s", "a boy 's toy and a girl 's")]
    [InlineData("can't won't ain't didn't don’t", "ca n't wo n't ai n't did n't do n't")]
    [InlineData("they'll we've I'm she'd you're", "they 'll we 've i 'm she 'd you 're")]
    [InlineData("couldn't've", "could n't 've")]
    [InlineData("the kids' toys", "the kids toys")]
    [InlineData("mother-in-law's man's/woman's", "mother-in-law 's man 's / woman 's")]
    [InlineData("cannot gonna wanna gotta lemme gimme", "can not gon na wan na got ta lem me gim me")]
    [InlineData("can not cannots dunno", "can not cannots dunno")]
    [InlineData("'tis 'twas", "'t is 't was")]
    public void Contractions_are_two_words(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("'em 'til 'cause ma'am c'mon o'clock", "'em 'til 'cause ma'am c'mon o'clock")]
    [InlineData("O'Brien d'Artagnan y'all", "o'brien d'artagnan y' all")]
    [InlineData("'90s 80's '99 model", "'90s 80 's '99 model")]
    [InlineData("'saw 's 'hello'", "saw 's hello")]
    public void Some_words_hold_an_apostrophe(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("a well-lit t-shirt, state-of-the-art", "a well-lit t-shirt state-of-the-art")]
    [InlineData("t-shirt. well- -looking", "t-shirt well looking")]
    [InlineData("black/white and/or red-and-white/blue", "black/white and/or red-and-white/blue")]
    [InlineData("w/o and / or", "w/o and / or")]
    [InlineData("snake_case beach.A dog dogs,cats", "snake_case beach.a dog dogs cats")]
    public void Hyphens_and_slashes_hold_words_together(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("1,000 dogs, 3.5 cats, .5, 5. 10:30", "1,000 dogs 3.5 cats .5 5 10:30")]
    [InlineData("a 5-year-old on 9/11 and 12/25/2010", "a 5-year-old on 9/11 and 12/25/2010")]
    [InlineData("-5 +5 3-4 2nd 1930s 4x4 3D", "-5 +5 3-4 2nd 1930s 4x4 3d")]
    [InlineData("5'10\" tall", "5 10 tall")]
    [InlineData("$5.00 US$5 £3 €4 50% #1", "$ 5.00 us$ 5 # 3 $ 4 50 % # 1")]
    [InlineData("½ cup", "1/2 cup")]
    public void Numbers_stay_whole_and_currencies_are_apart(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("the U.S. flag. It waves.", "the u.s. flag it waves")]
    [InlineData("Mr. Smith and mrs. jones vs. St. Louis", "mr. smith and mrs. jones vs. st. louis")]
    [InlineData("at 10 a.m. e.g. this, etc. U.S.-based", "at 10 a.m. e.g. this etc. u.s.-based")]
    [InlineData("no. 5 and no. fig. 3", "no. 5 and no fig. 3")]
    [InlineData("wash. Wash. ill. Ill.", "wash wash. ill ill.")]
    [InlineData("vitamin C.", "vitamin c.")]
    public void Abbreviations_keep_their_full_stop(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Theory]
    [InlineData("AT&T at&t rock & roll B&B &amp; &lt;", "at&t at & t rock & roll b&b & <")]
    [InlineData("a man (in red) [slowly] {jumps}", "a man -lrb- in red -rrb- -lsb- slowly -rsb- -lcb- jumps -rcb-")]
    [InlineData("smile :) ;-) :D", "smile :-rrb- ;--rrb- :d")]
    [InlineData("😀 here and ☺️ there 👍🏽 ♥", "here and ☺ there ♥")]
    [InlineData("www.flickr.com me@home.com @user #tag", "www.flickr.com me@home.com @user #tag")]
    [InlineData("* ** # @ | ~ ^ \\ / + = %", "* ** # @ | ~ ^ \\ / + = %")]
    [InlineData("<unk> a <b>bold</b>", "<unk> a <b> bold </b>")]
    [InlineData("café naïve 日本語 Привет", "café naïve 日本語 привет")]
    public void Signs_brackets_and_other_alphabets(string caption, string words) => Assert.Equal(words, CaptionTokenizer.Tokenize(caption));

    [Fact]
    public void Line_breaks_are_blanks_and_words_hold_none()
    {
        Assert.Equal(["a", "dog", "on", "grass"], CaptionTokenizer.Words("A dog\r\non\tgrass\u00A0\n"));
        Assert.All(CaptionTokenizer.Words("5 1/2 of (555) 123 4567 <a b=c> …"), word => Assert.DoesNotContain(word, char.IsWhiteSpace));
    }

    [Fact]
    public void Any_text_is_read_to_its_end()
    {
        var every = string.Concat(Enumerable.Range(0, char.MaxValue + 1).Where(code => !char.IsSurrogate((char)code)).Select(code => (char)code));
        Assert.NotEmpty(CaptionTokenizer.Words(every));
        Assert.NotEmpty(CaptionTokenizer.Words(new string(every.Reverse().ToArray())));
        Assert.Empty(CaptionTokenizer.Words("\uD83D"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("-")]
    [InlineData("a-")]
    [InlineData("a,")]
    [InlineData("1,")]
    [InlineData("'")]
    [InlineData("a'")]
    [InlineData("<!a")]
    [InlineData("www.")]
    [InlineData("a@")]
    [InlineData("A&")]
    public void A_long_run_of_anything_is_read_in_time(string piece)
    {
        var clock = Stopwatch.StartNew();
        Assert.NotNull(CaptionTokenizer.Words(string.Concat(Enumerable.Repeat(piece, 20_000))));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }
}
