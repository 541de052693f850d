namespace Flip.Data.Tar;

/// <summary>What a tar says about one of its members.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Type">The letter of its kind.</param>
/// <param name="LinkTarget">What a link leads to.</param>
/// <param name="DataOffset">Where its data begin.</param>
/// <param name="Stored">Bytes of data in the archive.</param>
/// <param name="Length">Bytes of the file: more than are stored where holes are left out.</param>
internal sealed record TarEntry(string Name, byte Type, string LinkTarget, long DataOffset, long Stored, long Length)
{
    /// <summary>Where the stored bytes belong; null where they are the file.</summary>
    public SparseMap? Pieces { get; init; }

    /// <summary>False for a sparse file whose pieces make no sense.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>Whether it is a file; a name that ends with a slash is an old form of a directory.</summary>
    public bool IsFile => Type is 0 or (byte)'0' or (byte)'7' or (byte)'S' && !Name.EndsWith('/');

    /// <summary>A second name for a member.</summary>
    public bool IsHardLink => Type == '1';

    /// <summary>A path to a member, from the link's folder.</summary>
    public bool IsSymbolicLink => Type == '2';

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => Type == '5' || Name.EndsWith('/');
}
