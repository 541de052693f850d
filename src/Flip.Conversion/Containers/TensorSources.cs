using System.Buffers.Binary;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>Opens files and folders of weights by what is in them.</summary>
public static class TensorSources
{
    private const string IndexEnding = ".index.json";

    /// <summary>What tells a safetensors file from others: the format's own limit. The reader's is smaller.</summary>
    private const ulong LongestHeader = 100_000_000;

    /// <summary>What a folder is opened for, the first that is there.</summary>
    private static readonly string[] FolderFiles =
    [
        "model.safetensors", "open_clip_model.safetensors", "model.safetensors" + IndexEnding, "pytorch_model.bin", "open_clip_pytorch_model.bin",
        "pytorch_model.bin" + IndexEnding, "flax_model.msgpack",
    ];

    private static readonly string[] WeightEndings = [".safetensors", ".bin", ".pt", ".pth", ".ckpt"];

    /// <summary>
    /// Opens a safetensors or PyTorch file, the index of several or one of several that are numbered, or a flax checkpoint; or a folder: a T5X
    /// checkpoint, or a model's as Hugging Face lays it out (safetensors before PyTorch before flax).
    /// </summary>
    /// <exception cref="CheckpointFormatException">It is none of these, or a damaged one; the message says what it seems to be.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static ITensorSource Open(string path) => Directory.Exists(path) ? OpenFolder(path, preferOpenClip: false) : OpenFile(path);

    /// <summary>Opens the weights of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="preferOpenClip">Files with open_clip's names come before Hugging Face's.</param>
    /// <inheritdoc cref="Open(string)" path="/exception"/>
    internal static ITensorSource OpenFolder(string folder, bool preferOpenClip)
    {
        var names = preferOpenClip
            ? FolderFiles.OrderBy(name => name.StartsWith("open_clip", StringComparison.Ordinal) ? 0 : 1)
            : FolderFiles.AsEnumerable();
        if ((FlaxCheckpoint.FindIndex(folder) ?? names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)) is { } file)
        {
            return OpenFile(file);
        }

        if (ShardSet.In(folder) is { Count: > 0 } sets)
        {
            return sets.Count(set => set.Ending == sets[0].Ending) == 1
                ? ShardedWeights.OfSet(sets[0])
                : throw new CheckpointFormatException(
                    folder, null, "the folder holds several numbered sets of weights; name a file of one: " + string.Join(", ", sets.Select(set => set.FileName(1))));
        }

        var only = Directory.EnumerateFiles(folder).Where(path => WeightEndings.Contains(Path.GetExtension(path))).Take(2).ToList();
        return only is [var single]
            ? OpenFile(single)
            : throw new CheckpointFormatException(folder, null, only.Count > 1
                ? $"the folder holds several files of weights ({string.Join(", ", only.Select(Path.GetFileName))} ...) and none with a name that decides; name one"
                : Directory.Exists(Path.Combine(folder, "onnx"))
                ? "the folder holds graphs for ONNX, which Flip writes and does not read: give the model that they were made from"
                : $"the folder holds no weights that are read here: {string.Join(", ", FolderFiles)}, numbered parts of one, or 'checkpoint' and 'checkpoint_<step>' of T5X");
    }

    /// <summary>Opens one file, whatever its name says of others.</summary>
    /// <inheritdoc cref="Open(string)" path="/exception"/>
    internal static ITensorSource OpenOne(string path)
    {
        var start = FileBytes.Start(path, 64);
        return start switch
        {
            [(byte)'P', (byte)'K', 3 or 5, 4 or 6, ..] => new TorchArchive(path),
            _ when LegacyStorages.IsLegacy(start) => new TorchArchive(path),
            _ when IsSafetensors(start) => new SafetensorsReader(path),
            [0xde or 0xdf or (> 0x80 and < 0x90), ..] => new FlaxCheckpoint(path),
            _ => throw new CheckpointFormatException(path, null, Guess(start)),
        };
    }

    private static ITensorSource OpenFile(string path)
    {
        var start = FileBytes.Start(path, 64);
        if (!IsSafetensors(start) && start.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
        {
            return ShardedWeights.OfIndex(path);
        }

        return ShardSet.Of(path) is { } set ? ShardedWeights.OfSet(set) : OpenOne(path);
    }

    /// <summary>Also of a safetensors file that was cut: its reader says so.</summary>
    private static bool IsSafetensors(byte[] start) =>
        start is [_, _, _, _, _, _, _, _, (byte)'{', ..] && BinaryPrimitives.ReadUInt64LittleEndian(start) <= LongestHeader;

    private static string Guess(ReadOnlySpan<byte> start) => start switch
    {
        _ when start.StartsWith("version https://git-lfs"u8) => "this is a pointer of Git LFS, not the file itself; fetch it with 'git lfs pull'",
        [0x80, 2 or 3 or 4 or 5, ..] => "a bare Python pickle is not read; save the tensors in the safetensors form, or with torch.save",
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => "HDF5 files are not read",
        [0x1f, 0x8b, ..] => "the file is packed by gzip; unpack it first",
        _ when start.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] => "this is JSON, not weights",
        _ when start.TrimStart(" \t\r\n"u8) is [(byte)'<', ..] => "this is a web page or XML, not weights; the download went wrong",
        _ => "neither safetensors (whole, or an index of several), nor a PyTorch file, nor a flax checkpoint",
    };
}
