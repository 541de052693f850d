using System.Text.Json.Nodes;

namespace Flip.Tests;

/// <summary>A folder for one test; gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    private readonly DirectoryInfo _folder;

    public TemporaryFolder()
        : this(Directory.CreateTempSubdirectory("flip-tests-"))
    {
    }

    private TemporaryFolder(DirectoryInfo folder) => _folder = folder;

    public string Path => _folder.FullName;

    /// <summary>One in memory where the system has a folder for it: tens of thousands of small files make a busy disk the slowest part.</summary>
    public static TemporaryFolder InMemory() => Directory.Exists(Memory)
        ? new(Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"flip-tests-{Guid.NewGuid():N}")))
        : new();

    /// <summary>Copies all files of a folder.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            System.IO.File.Copy(file, target);
        }
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public JsonNode Json(string name) => JsonNode.Parse(System.IO.File.ReadAllText(File(name)))!;

    /// <summary>Changes a file of JSON.</summary>
    public void Change(string name, Action<JsonNode> change)
    {
        var root = Json(name);
        change(root);
        System.IO.File.WriteAllText(File(name), root.ToJsonString());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
