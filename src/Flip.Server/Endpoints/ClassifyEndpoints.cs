using System.Text.Json;
using Flip.Data.Classes;
using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>A class that was found.</summary>
/// <param name="Class">Its name.</param>
/// <param name="Index">Its number.</param>
/// <param name="Probability">How likely it is.</param>
/// <param name="Cosine">Cosine of image and class; absent of a classifier with classes of its own.</param>
internal sealed record ClassAnswer(string Class, int Index, double Probability, double? Cosine);

/// <summary>The classes of all images.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Results">Of each image, in their order, its classes, the likeliest first.</param>
internal sealed record ClassifyAnswer(string Model, IReadOnlyList<IReadOnlyList<ClassAnswer>> Results);

/// <summary>Classes of images: those that are named, or those that a classifier was trained on.</summary>
internal sealed class ClassifyEndpoints(ServerState state) : IServerFeature
{
    private const int DefaultTop = 5;

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapImages<ClassifyRequest, ClassifyAnswer>("/classify", ClassifyAsync, "Classes of images: by words, or those that a classifier was trained on.");

    private async Task<IResult> ClassifyAsync(HttpContext context)
    {
        var model = state.Engine.Model;
        var isTrained = model.Classifier is not null;
        if (!isTrained)
        {
            state.Require(Abilities.Embeddings);
        }

        using var input = await RequestInput.ReadAsync(context, state);
        var fields = input.Fields;
        var images = input.Images("images");
        var classes = fields.Texts("classes", state.Limits.Prompts, state.Limits.TextLength);
        var templates = Templates(fields);
        var top = fields.Number("top", 1, ServerLimits.Most, DefaultTop);
        state.CheckModel(fields, isRequired: false);
        CheckClasses(fields, classes, templates, isTrained);
        fields.End();

        var found = await state.OfImagesAsync(images, context, bytes => isTrained
            ? state.Engine.ClassifyAsync(bytes, top, context.RequestAborted)
            : state.Engine.ClassifyAsync(bytes, classes!, templates ?? ClassTemplates.Flip7, top, context.RequestAborted));
        return JsonAnswer.Of(new ClassifyAnswer(
            model.Name, [.. found.Select(of => (IReadOnlyList<ClassAnswer>)[.. of.Select(one => new ClassAnswer(one.Name, one.Class, one.Probability, one.Cosine))])]));
    }

    private void CheckClasses(RequestFields fields, IReadOnlyList<string>? classes, IReadOnlyList<string>? templates, bool isTrained)
    {
        if (isTrained)
        {
            if (classes is not null || templates is not null)
            {
                fields.Add(classes is null ? "#/templates" : "#/classes", $"The model has {state.Engine.Model.Classifier!.ClassNames.Count} classes of its own: leave it out.");
            }

            return;
        }

        if (classes is null)
        {
            fields.Add("#/classes", "Expected the names of the classes.");
            return;
        }

        foreach (var (place, template) in (templates ?? []).Index().Where(template => !template.Item.Contains(ClassTemplates.Placeholder, StringComparison.Ordinal)))
        {
            fields.Add(RequestFields.Pointer("templates", place), $"The template has no {ClassTemplates.Placeholder} for the name of the class.");
        }

        var prompts = (long)classes.Count * (templates ?? ClassTemplates.Flip7).Count;
        if (prompts > state.Limits.Prompts)
        {
            fields.Add("#/classes", FormattableString.Invariant($"There are at most {state.Limits.Prompts:N0} prompts, classes times templates, and here {prompts:N0}."));
        }

        // A template may have the placeholder many times, and a name be as long as a text may.
        var longest = classes.Select(name => (long)name.Length).DefaultIfEmpty().Max();
        if ((templates ?? []).Any(template => template.Length + (longest * (template.Split(ClassTemplates.Placeholder).Length - 1)) > state.Limits.TextLength))
        {
            fields.Add("#/templates", FormattableString.Invariant($"A prompt would be longer than {state.Limits.TextLength:N0} characters."));
        }
    }

    /// <summary>The templates; null for the default ones. Only the known lists have names here: files are never opened.</summary>
    private IReadOnlyList<string>? Templates(RequestFields fields)
    {
        if (fields.Value("templates") is { ValueKind: JsonValueKind.String } name && name.GetString() is "flip7" or "clip80")
        {
            return ClassTemplates.Load(fields.Value("templates")!.Value.GetString()!);
        }

        return fields.Texts("templates", state.Limits.Prompts, state.Limits.TextLength);
    }
}
