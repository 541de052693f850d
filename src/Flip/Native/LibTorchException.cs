namespace Flip.Native;

/// <summary>libtorch cannot be loaded; the message is one line that says why and what to do.</summary>
public sealed class LibTorchException : FlipException
{
    public LibTorchException(string message)
        : base(message)
    {
    }

    public LibTorchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
