using Flip.Io;
using Microsoft.Win32.SafeHandles;

namespace Flip.Storage;

/// <summary>Opens files of weights. Pipes and devices, for which a reader would wait, are refused, and so are empty files.</summary>
public static class TensorFile
{
    /// <summary>Opens a file for reads at any place.</summary>
    /// <exception cref="CheckpointFormatException">It has no bytes.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenHandle(string path) => File.OpenHandle(Checked(path));

    /// <summary>Opens a file for reads in order.</summary>
    /// <inheritdoc cref="OpenHandle"/>
    public static FileStream OpenRead(string path) => File.OpenRead(Checked(path));

    private static string Checked(string path) => PlainFile.Length(path) == 0 ? throw new CheckpointFormatException(path, null, PlainFile.NoBytes) : path;
}
