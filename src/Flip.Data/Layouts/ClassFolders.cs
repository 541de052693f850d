using Flip.Data.Classes;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>
/// A folder for each class, <c>CLASS/*.jpg</c>, perhaps below one for each split. Folders are matched with the known classes by name or
/// alias, also several levels deep (<c>a/abbey</c>), or by number where all are numbers; where no classes are known, the sorted
/// names of the folders are the classes; two folders whose names look the same are one. Folders in a class's folder belong to the class.
/// </summary>
public sealed record ClassFolders : LabelledLayout
{
    private const int ProblemsShown = 5;

    /// <inheritdoc/>
    public override string Kind => "folders";

    /// <inheritdoc/>
    public override string Describe(string split) => $"class folders (CLASS/*.jpg or {split}/CLASS/*.jpg{Place})";

    internal override bool IsAt(string folder, LayoutOptions options)
    {
        var root = Root(folder, options.Split);
        var names = Subfolders(root).Select(path => Path.GetFileName(path)!).ToList();
        return options.Classes is not { } table
            ? names.Exists(name => !SplitNames.IsSplit(name))
            : names.Exists(name => table.Find(name) is not null || table.IsShared(name) || LabelText.Number(name, table.Names.Count) is not null
                || Subfolders(Path.Combine(root, name)).Any(inner => table.Find($"{name}/{Path.GetFileName(inner)}") is not null));
    }

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var root = Root(folder, options.Split);
        var files = ImageFolder.Find(root, options.Source);
        if (files.Count == 0)
        {
            throw new ConfigException($"The folder '{root}' has no image ({string.Join(", ", ImageFolder.Extensions)}) in its class folders.");
        }

        var table = options.Classes ?? new ClassTable(ClassEntry.OfNames(
            files.Select(file => file.Key).Where(key => key.Contains('/', StringComparison.Ordinal)).Select(key => UnicodeName.Composed(First(key))).Distinct()
                .Order(StringComparer.Ordinal)));
        var classOf = ClassOf(root, files, table, options);
        var kept = files.Where(file => classOf.ContainsKey(FolderOf(file.Key))).ToList();
        if (options.Videos)
        {
            kept = [.. kept.GroupBy(file => FolderOf(file.Key)).SelectMany(Representatives)];
        }

        return new LabelledImages(
            FileImages.OfFiles(kept, options.Source), [.. kept.Select(file => new[] { classOf[FolderOf(file.Key)] })], table.Names);
    }

    /// <summary>Below a class's folder a folder is a video, of which the middle frame is taken; images in the class's own folder stand for
    /// themselves.</summary>
    private static IEnumerable<ImageFile> Representatives(IGrouping<string, ImageFile> frames) =>
        frames.Key.Contains('/', StringComparison.Ordinal) ? [frames.ElementAt(frames.Count() / 2)] : frames;

    private static string Root(string folder, string split) => FindFolder(folder, split, path => Subfolders(path).Any()) ?? folder;

    private static IEnumerable<string> Subfolders(string folder) =>
        Directory.EnumerateDirectories(folder).Where(path => !Path.GetFileName(path).StartsWith('.'));

    /// <summary>The class of each folder that has one.</summary>
    private static Dictionary<string, int> ClassOf(string root, IReadOnlyList<ImageFile> files, ClassTable table, LayoutOptions options)
    {
        var folders = files.Select(file => FolderOf(file.Key)).Distinct().ToList();
        var classOf = new Dictionary<string, int>();
        foreach (var folder in folders)
        {
            if (Find(folder, table) is { } number)
            {
                classOf.Add(folder, number);
            }
        }

        if (classOf.Count == 0 && folders.All(folder => LabelText.Number(First(folder), table.Names.Count) is not null))
        {
            return folders.ToDictionary(folder => folder, folder => LabelText.Number(First(folder), table.Names.Count)!.Value);
        }

        var unknown = folders.Where(folder => !classOf.ContainsKey(folder)).ToList();
        return unknown.Count == 0 || (options.IgnoreOtherClasses && classOf.Count > 0)
            ? classOf
            : throw new ConfigException(
            [
                .. unknown.Take(ProblemsShown).Select(folder => folder.Length == 0
                    ? $"The folder '{root}' has images that lie in no class's folder."
                    : $"The folder '{UnicodeName.Printable(folder)}' in '{root}' {table.Describe(First(folder))}."),
                .. unknown.Count > ProblemsShown ? [$"... and {unknown.Count - ProblemsShown} more folders."] : Array.Empty<string>(),
            ]);
    }

    /// <summary>By the longest beginning of the path that is a class: a class's folder may have others in it.</summary>
    private static int? Find(string folder, ClassTable table)
    {
        for (var path = folder; path.Length > 0; path = FolderOf(path))
        {
            if (table.Find(path) is { } number)
            {
                return number;
            }
        }

        return null;
    }

    private static string First(string key) => key.Split('/')[0];

    private static string FolderOf(string key) => key.LastIndexOf('/') is > 0 and var slash ? key[..slash] : "";
}
