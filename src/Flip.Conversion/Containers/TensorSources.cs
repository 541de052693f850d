using System.Buffers.Binary;
using Flip.Io;

namespace Flip.Conversion.Containers;

/// <summary>Opens files and folders of weights by what is in them.</summary>
public static class TensorSources
{
    /// <summary>What a folder is opened for, the first that is there.</summary>
    private static readonly string[] FolderFiles =
    [
        "model.safetensors", "open_clip_model.safetensors", "model" + ShardedSafetensors.IndexEnding, "pytorch_model.bin", "open_clip_pytorch_model.bin",
        "flax_model.msgpack",
    ];

    /// <summary>
    /// Opens a safetensors file, the index of several, a PyTorch archive, or a flax checkpoint; or a folder: a T5X checkpoint, or a model's as
    /// Hugging Face lays it out (safetensors before PyTorch before flax).
    /// </summary>
    /// <exception cref="CheckpointFormatException">It is none of these, or a damaged one; the message says what it seems to be.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static ITensorSource Open(string path)
    {
        if (!Directory.Exists(path))
        {
            return OpenFile(path);
        }

        var file = FlaxCheckpoint.FindIndex(path) ?? FolderFiles.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists);
        return file is not null
            ? OpenFile(file)
            : throw new CheckpointFormatException(path, null, $"the folder holds no weights that are read here: {string.Join(", ", FolderFiles)}, "
                + "or 'checkpoint' and 'checkpoint_<step>' of T5X");
    }

    private static ITensorSource OpenFile(string path)
    {
        var start = FileBytes.Start(path, 64);
        return start switch
        {
            [(byte)'P', (byte)'K', 3 or 5, 4 or 6, ..] => new TorchArchive(path),
            _ when TorchArchive.IsLegacy(start) => new TorchArchive(path),
            [_, _, _, _, _, _, _, _, (byte)'{', ..] when HasHeaderLength(start) => new SafetensorsReader(path),
            _ when start.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{', ..] => new ShardedSafetensors(path),
            [0xde or 0xdf or (> 0x80 and < 0x90), ..] => new FlaxCheckpoint(path),
            _ => throw new CheckpointFormatException(path, null, Guess(start)),
        };
    }

    /// <summary>Also of a safetensors file that was cut: its reader says so.</summary>
    private static bool HasHeaderLength(byte[] start) => BinaryPrimitives.ReadUInt64LittleEndian(start) <= SafetensorsHeader.MaxLength;

    private static string Guess(ReadOnlySpan<byte> start) => start switch
    {
        [] => "the file is empty",
        _ when start.StartsWith("version https://git-lfs"u8) => "this is a pointer of Git LFS, not the file itself; fetch it with 'git lfs pull'",
        [0x80, 2 or 3 or 4 or 5, ..] => "a bare Python pickle is not read; save the tensors in the safetensors form, or with torch.save",
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => "HDF5 files are not read",
        [0x1f, 0x8b, ..] => "the file is packed by gzip; unpack it first",
        _ when start.TrimStart(" \t\r\n"u8) is [(byte)'<', ..] => "this is a web page or XML, not weights; the download went wrong",
        _ => "neither safetensors (whole, or an index of several), nor a PyTorch archive, nor a flax checkpoint",
    };
}
