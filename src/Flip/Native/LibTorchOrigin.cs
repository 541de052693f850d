namespace Flip.Native;

/// <summary>How a libtorch was found.</summary>
public enum LibTorchOrigin
{
    /// <summary>In the folder <c>libtorch</c> beside the program, where a build of Flip puts it.</summary>
    Packaged,

    /// <summary>By <see cref="LibTorch.FolderVariable"/>, or named by the caller.</summary>
    Named,

    /// <summary>Where the runtime looks for native libraries: the program references a libtorch package of its own.</summary>
    Referenced,
}
