using System.ComponentModel;

namespace Flip.Server.Endpoints;

/// <summary>Images with what is asked about them. A form has the same fields, and images as files; an image that is sent as it is has them in its address.</summary>
/// <param name="Image">One image as a data URI.</param>
/// <param name="Images">Several.</param>
/// <param name="Model">The model's name, or absent.</param>
internal record ImagesRequest(
    [property: Description("One image as a data URI.")] string? Image = null,
    [property: Description("Several images as data URIs.")] IReadOnlyList<string>? Images = null,
    [property: Description("The model's name.")] string? Model = null);

/// <summary>Images to classify.</summary>
/// <param name="Classes">Names of classes; absent for those that a classifier was trained on.</param>
/// <param name="Templates">Texts with <c>{c}</c> for the name, or <c>flip7</c> or <c>clip80</c>.</param>
/// <param name="Top">Classes of each image.</param>
internal sealed record ClassifyRequest(
    [property: Description("Names of classes; left out for those that a classifier was trained on.")] IReadOnlyList<string>? Classes = null,
    [property: Description("Texts with {c} for the name of a class, or the name of a list: flip7 (default), clip80.")] IReadOnlyList<string>? Templates = null,
    [property: Description("Classes given of each image, 5 by default.")] int? Top = null) : ImagesRequest;

/// <summary>Images and texts to rank.</summary>
/// <param name="Texts">The texts.</param>
/// <param name="By"><c>image</c> or <c>text</c>.</param>
/// <param name="Top">Best ones of each.</param>
internal sealed record RankRequest(
    [property: Description("The texts.")] IReadOnlyList<string>? Texts = null,
    [property: Description("image (default) ranks texts for each image, text ranks images for each text.")] string? By = null,
    [property: Description("Best ones given for each, 5 by default.")] int? Top = null) : ImagesRequest;

/// <summary>What to look for in the index: a text, an image, or one of its own.</summary>
/// <param name="Text">A text.</param>
/// <param name="Like">The key of an image of the index.</param>
/// <param name="Top">Images given.</param>
internal sealed record SearchRequest(
    [property: Description("What to look for, in words.")] string? Text = null,
    [property: Description("The key of an image of the index, for images like it.")] string? Like = null,
    [property: Description("Images given, 10 by default.")] int? Top = null) : ImagesRequest;

/// <summary>An image to remove patches of.</summary>
/// <param name="Ratios">Shares of patches to remove.</param>
/// <param name="Seed">Chooses the patches.</param>
internal sealed record MaskRequest(
    [property: Description("Shares of patches to remove; 0, 0.5 and 0.75 by default.")] IReadOnlyList<double>? Ratios = null,
    [property: Description("Chooses the patches, 0 by default.")] int? Seed = null) : ImagesRequest;

/// <summary>Images to write captions of.</summary>
/// <param name="Top">Captions of each.</param>
internal sealed record CaptionRequest([property: Description("Captions given of each image, 1 by default.")] int? Top = null) : ImagesRequest;

/// <summary>Questions about an image.</summary>
/// <param name="Question">One question.</param>
/// <param name="Questions">Several.</param>
/// <param name="Top">Answers to each.</param>
internal sealed record AnswerRequest(
    [property: Description("One question.")] string? Question = null,
    [property: Description("Several questions about the image.")] IReadOnlyList<string>? Questions = null,
    [property: Description("Answers given to each question, 1 by default.")] int? Top = null) : ImagesRequest;
