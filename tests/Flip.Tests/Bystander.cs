using System.Diagnostics;

namespace Flip.Tests;

/// <summary>A folder of somebody else's, with a folder in it, that nothing done elsewhere may change: bytes and times are compared.</summary>
internal sealed class Bystander : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private List<(string Path, string Content, DateTime Changed)> _before;

    public Bystander()
    {
        System.IO.File.WriteAllText(_folder.File("letter.txt"), "dear friend");
        Directory.CreateDirectory(_folder.File("inner"));
        System.IO.File.WriteAllText(_folder.File("inner/kept.txt"), "kept");
        _before = Look();
    }

    /// <summary>The folder.</summary>
    public string Path => _folder.Path;

    /// <summary>A file in it.</summary>
    public string File => _folder.File("letter.txt");

    public void Dispose() => _folder.Dispose();

    /// <summary>Moves an entry here, where there is one, and leaves a link to it, as who wants a program to write elsewhere does.</summary>
    public void Lure(string path, bool isFolder)
    {
        var target = isFolder ? Path : File;
        if (System.IO.Path.Exists(path))
        {
            target = _folder.File(System.IO.Path.GetFileName(path) + ".moved");
            Directory.Move(path, target);
            _before = Look();
        }

        LinkTo(target, path);
    }

    /// <summary>Makes a link and the folders above it.</summary>
    public static void LinkTo(string target, string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.CreateSymbolicLink(path, target);
    }

    /// <summary>Makes a named pipe, which who reads it waits for without end.</summary>
    public static void MakePipe(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: named pipes are told from files there");
        Make("mkfifo", path);
    }

    /// <summary>Makes a second name of a file.</summary>
    public static void MakeHardLink(string target, string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: ln makes hard links");
        Make("ln", target, path);
    }

    /// <summary>Fails where anything here is another than it was.</summary>
    public void AssertUntouched() => Assert.Equal(_before, Look());

    private static void Make(string program, params string[] args)
    {
        using var made = Process.Start(program, args);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    private List<(string Path, string Content, DateTime Changed)> Look() =>
    [
        .. from path in Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories).Append(_folder.Path).Order(StringComparer.Ordinal)
           let isFile = System.IO.File.Exists(path)
           select (path, isFile ? Convert.ToHexString(System.IO.File.ReadAllBytes(path)) : "", System.IO.File.GetLastWriteTimeUtc(path)),
    ];
}
