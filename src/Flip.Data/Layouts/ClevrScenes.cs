using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Data.Classes;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>CLEVR's own form: <c>scenes/CLEVR_val_scenes.json</c> and <c>images/val</c>. The class of a picture is the number of its objects.</summary>
public sealed record ClevrScenes : LabelledLayout
{
    private const string Scenes = "scenes/CLEVR_{split}_scenes.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <inheritdoc/>
    public override string Kind => "clevr";

    /// <inheritdoc/>
    public override string Describe(string split) => $"CLEVR's scenes ({Fill(Scenes, split)} and images/{split}{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindPart(folder, Scenes, options) is not null;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var part = FindPart(folder, Scenes, options)!;
        var path = Path.Combine(folder, Fill(Scenes, part));
        var scenes = CaptionFiles.Whole(CaptionFiles.ReadJson<SceneSet>(path, Json).Scenes, path, "scenes").ToList();
        if (scenes.Count == 0)
        {
            throw new ConfigException($"'{path}' has no scene.");
        }

        var counts = scenes.Select(scene => scene.Objects.Count.ToString(CultureInfo.InvariantCulture)).ToList();
        var table = options.Classes ?? new ClassTable(ClassEntry.OfNames(counts.Distinct().OrderBy(count => int.Parse(count, CultureInfo.InvariantCulture))));
        var numbers = counts.ConvertAll(count => table.Find(count));
        var bad = numbers.IndexOf(null);
        if (bad >= 0)
        {
            throw new ConfigException(
                $"'{path}': the scene '{UnicodeName.Printable(scenes[bad].File)}' has {counts[bad]} objects, which is none of the {table.Names.Count} classes.");
        }

        var images = Path.GetFullPath(Path.Combine(folder, "images", part));
        var files = scenes.Select(scene => new ImageFile(UnicodeName.Printable(scene.File), Path.Combine(images, scene.File), $" ({path})"));
        return new LabelledImages(
            FileImages.OfFiles([.. files], options.Source), [.. numbers.Select(number => new[] { number!.Value })], table.Names);
    }

    private sealed record SceneSet(IReadOnlyList<SceneObjects?> Scenes);

    private sealed record SceneObjects([property: JsonPropertyName("image_filename")] string File, IReadOnlyList<SceneObject?> Objects);

    private sealed record SceneObject;
}
