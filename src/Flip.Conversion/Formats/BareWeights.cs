using System.Globalization;
using System.Text.Json;
using Flip.Config;
using Flip.Training;

namespace Flip.Conversion.Formats;

/// <summary>
/// What no tensor tells and weights without a configuration are therefore taken to be: every setting that changes an embedding but no
/// tensor's shape, each said with the way to change it.
/// </summary>
internal static class BareWeights
{
    /// <summary>All of it.</summary>
    /// <param name="config">What the weights were taken as.</param>
    public static IReadOnlyList<Assumption> Assumptions(FlipConfig config)
    {
        var (model, image, text) = (config.Model, config.Model.Image, config.Model.Text);
        return
        [
            Heads("image", image.Heads, HeadCount.Origin(image.Width, image.Heads)),
            Heads("text", text.Heads, HeadCount.Origin(text.Width, text.Heads)),
            Of("the MLPs' activation", model.Activation, "model.activation"),
            Of("the LayerNorms' epsilon", string.Create(CultureInfo.InvariantCulture, $"{model.LayerNormEps:0.#######}"), "model.layerNormEps", "NUMBER"),
            Of("the image feature", image.Pooling, "model.image.pooling"),
            Of("whether a token attends only to those before it", text.Causal, "model.text.causal"),
            Of("the text feature", text.Pooling, "model.text.pooling"),
            Of("whether text attends to padding" + (text.Causal ? "; causal text never does" : ""), text.AttendPadding, "model.text.attendPadding"),
            Of("the pixels' normalisation", image.Normalization, "model.image.normalization"),
            Of("how an image is resized and cropped; bicubic", config.Eval.Transform, "eval.transform"),
            Of($"the tokenizer of {text.VocabularySize} entries, {text.Length} tokens a row, where --vocab names its file", config.Data.Tokenizer, "data.tokenizer"),
            Of("where a training bounds the logit scale", model.LogitScaleClamp, "model.logitScaleClamp"),
        ];
    }

    private static Assumption Heads(string tower, int heads, string origin) =>
        Of($"the {tower} tower's attention heads, {origin}", heads.ToString(CultureInfo.InvariantCulture), $"model.{tower}.heads", "N");

    private static Assumption Of<T>(string what, T value, string setting)
        where T : struct, Enum =>
        Of(what, Lower(value), setting, string.Join(" or ", Enum.GetValues<T>().Where(other => !other.Equals(value)).Select(Lower)));

    private static Assumption Of(string what, bool value, string setting) => Of(what, value ? "true" : "false", setting, value ? "false" : "true");

    private static Assumption Of(string what, string value, string setting, string other) =>
        new($"Assumed {setting}={value} ({what}): the file does not say it; -s {setting}={other} changes it.", setting);

    private static string Lower<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
