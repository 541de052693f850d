using Flip.Ingest.Packing;
using Flip.Tests;

namespace Flip.SlowTests.Ingest;

/// <summary>Languages of captions. Their models take a quarter of a minute, and two gigabytes.</summary>
[Collection(Alone.Name)]
public sealed class CaptionLanguagesTests
{
    [Fact]
    public void A_caption_goes_only_where_another_language_is_far_more_likely()
    {
        var english = new CaptionLanguages(["en"]);
        Assert.All(
            ["A man rollerblading at a skate park .", "two dogs play in the snow", "New York skyline at night", "Nike Air Max 90", "sunset", "12345", "!"],
            caption => Assert.True(english.Has(caption), caption));
        string[] others = ["zwei Kinder spielen im Schnee", "deux enfants jouent dans la neige", "собака на пляже", "東京の犬", "con chó trên bãi biển", "een man op een fiets"];
        Assert.All(others, caption => Assert.False(english.Has(caption), caption));
        var several = new CaptionLanguages(["en", "de", "ja"]);
        Assert.Equal([true, false, false, true, false], others[..5].Select(several.Has));
    }
}
