using System.Globalization;
using System.Text.Json;
using Flip.Config;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>
/// What no tensor tells and weights without a configuration are therefore taken to be: every setting that changes an embedding but no
/// tensor's shape, each said with the way to change it.
/// </summary>
internal static class BareWeights
{
    /// <summary>All of it.</summary>
    /// <param name="config">What the weights were taken as.</param>
    public static IReadOnlyList<Assumption> Assumptions(FlipConfig config) => [.. OfImages(config), .. OfTexts(config), .. OfBoth(config.Model)];

    private static IEnumerable<Assumption> OfImages(FlipConfig config)
    {
        var image = config.Model.Image;
        yield return Heads("image", image.Heads, HeadCount.Origin(image.Width, image.Heads));
        yield return Of("the image feature", image.Pooling, "model.image.pooling");
        if (image.Pooling != ImagePooling.ClassToken)
        {
            yield return Of("the LayerNorm at the image tower's end", image.FinalNorm, "model.image.finalNorm");
        }

        if (image.Positions == ImagePositions.Learned)
        {
            yield return Of("how positions become those of another image size", image.PositionResize, "model.image.positionResize");
        }

        yield return Of("the pixels' normalisation", image.Normalization, "model.image.normalization");
        yield return Of("how an image becomes a square", config.Eval.Transform, "eval.transform");
        yield return Of("the kernel of its resize", config.Eval.Interpolation, "eval.interpolation");
    }

    private static IEnumerable<Assumption> OfTexts(FlipConfig config)
    {
        var (text, data) = (config.Model.Text, config.Data);
        yield return Heads("text", text.Heads, HeadCount.Origin(text.Width, text.Heads));
        yield return Of("whether a token attends only to those before it", text.Causal, "model.text.causal");
        yield return Of("the text feature", text.Pooling, "model.text.pooling");
        if (text.Pooling == TextPooling.EndOfText)
        {
            yield return Of("the token that ends a text", text.EndOfText, "model.text.endOfText", "model.text.eosTokenId");
        }

        yield return Of("whether text attends to padding" + (text.Causal ? "; causal text never does" : ""), text.AttendPadding, "model.text.attendPadding");
        yield return Of($"the tokenizer, of {text.VocabularySize} entries, {text.Length} tokens a row", data.Tokenizer, "data.tokenizer");
        if (data.ClipMarkers is { } clip)
        {
            yield return Of("how a text's markers are found", clip, "data.clipMarkers");
        }

        if (data.WordPieceMarkers is { } markers)
        {
            yield return Of("the markers around a text", markers, "data.wordPieceMarkers");
        }

        if (data.TextCleaning is { } cleaning)
        {
            yield return Of("what is done to a text first", cleaning, "data.textCleaning");
        }
    }

    private static IEnumerable<Assumption> OfBoth(ModelConfig model)
    {
        var (activation, eps) = (model.Image.Activation, model.Image.LayerNormEps);
        yield return Of("the MLPs' activation", model.Activation, "model.activation", activation is null ? ["model.image.activation"] : []);
        if (activation is { } other)
        {
            yield return Of("that of the image tower", other, "model.image.activation");
        }

        yield return Of("the LayerNorms' epsilon", Number(model.LayerNormEps), "model.layerNormEps", "NUMBER", eps is null ? ["model.image.layerNormEps"] : []);
        if (eps is { } own)
        {
            yield return Of("that of the image tower", Number(own), "model.image.layerNormEps", "NUMBER");
        }

        yield return Of("where a training bounds the logit scale", model.LogitScaleClamp, "model.logitScaleClamp");
    }

    private static Assumption Heads(string tower, int heads, string origin) =>
        Of($"the {tower} tower's attention heads, {origin}", heads.ToString(CultureInfo.InvariantCulture), $"model.{tower}.heads", "N");

    private static Assumption Of<T>(string what, T value, string setting, params string[] also)
        where T : struct, Enum =>
        Of(what, Lower(value), setting, string.Join(" or ", Enum.GetValues<T>().Where(other => !other.Equals(value)).Select(Lower)), also);

    private static Assumption Of(string what, bool value, string setting) => Of(what, value ? "true" : "false", setting, value ? "false" : "true");

    /// <param name="what">What the setting means.</param>
    /// <param name="value">What it was taken as.</param>
    /// <param name="setting">The setting.</param>
    /// <param name="other">What else it can be.</param>
    /// <param name="also">Other settings that say the same.</param>
    private static Assumption Of(string what, string value, string setting, string other, params string[] also) =>
        new($"Assumed {setting}={value} ({what}): the file does not say it; -s {setting}={other} changes it.", [setting, .. also]);

    private static string Number(double value) => value.ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Lower<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
